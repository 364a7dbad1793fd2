#include "sampling/constraint/json_schema.h"

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/error.h"
#include "core/printable.h"
#include "sampling/constraint/json_rules.h"
#include "sampling/constraint/schema_keywords.h"
#include "sampling/constraint/schema_members.h"
#include "sampling/constraint/schema_overlap.h"
#include "sampling/constraint/schema_string.h"

namespace rwkv {
namespace {

namespace json = boost::json;
using Expression = Grammar::Expression;
using Group = KeywordGroup;

constexpr size_t kMaxNesting = 64, kMaxParts = 100;
constexpr double kLargestBound = 1e18;

// Every schema within the document becomes a rule, by its place: schemas may refer to themselves.
class SchemaGrammar {
 public:
  explicit SchemaGrammar(json::value document) : document_(std::move(document)), rules_(grammar_) {}

  Grammar run() && {
    rule_of({&document_, ""});
    for (; !undefined_.empty(); undefined_.pop_front()) {
      const auto [rule, place] = undefined_.front();
      grammar_.define(rule, body_of(place));
    }
    return std::move(grammar_);
  }

 private:
  Expression rule_of(const SchemaPlace& place) {
    const auto [found, is_new] = rule_at_.try_emplace(place.path, 0);
    if (is_new) {
      found->second = grammar_.add_rule("#" + printable(place.path));
      undefined_.emplace_back(found->second, place);
    }
    return grammar_.call(found->second);
  }

  Expression body_of(const SchemaPlace& place) {
    const auto& [value, path] = place;
    if (value->is_bool()) return value->get_bool() ? rules_.value() : grammar_.choice({});
    if (!value->is_object()) fail_schema(path, "want a schema: an object, true or false");
    const json::object& schema = value->get_object();
    if (has_keyword(schema, Group::kReference)) {
      check_keywords(schema, path, {Group::kReference});
      return rule_of(target_of(schema, path, document_));
    }
    if (has_keyword(schema, Group::kValues)) return values(schema, path);
    if (has_keyword(schema, Group::kAnyOf)) {
      check_keywords(schema, path, {Group::kAnyOf});
      return any_of(schema, "anyOf", path);
    }
    if (has_keyword(schema, Group::kOneOf)) {
      check_keywords(schema, path, {Group::kOneOf});
      check_disjoint(schema, path);
      return any_of(schema, "oneOf", path);
    }
    if (has_keyword(schema, Group::kAllOf)) return all_of(place);
    return typed(place);
  }

  // ---- Alternatives ----

  Expression any_of(const json::object& schema, const char* keyword, const std::string& path) {
    std::vector<Expression> parts;
    for (const SchemaPlace& place : schema_places(schema, keyword, path)) parts.push_back(rule_of(place));
    return grammar_.choice(std::move(parts));
  }

  void check_disjoint(const json::object& schema, const std::string& path) const {
    const json::array& parts = schema_array(schema, "oneOf", path);
    if (parts.size() > kMaxParts) refuse_schema(path, "\"oneOf\" of more than 100 alternatives");
    for (size_t i = 0; i < parts.size(); ++i) {
      for (size_t k = i + 1; k < parts.size(); ++k) {
        if (are_disjoint(parts[i], parts[k], document_)) continue;
        refuse_schema(path, "\"oneOf\" whose alternatives " + std::to_string(i) + " and " +
                                std::to_string(k) +
                                " may both hold is not supported: want different types, constants, or a "
                                "required member that tells them apart");
      }
    }
  }

  Expression values(const json::object& schema, const std::string& path) {
    check_keywords(schema, path, {Group::kValues, Group::kType});
    if (schema.contains("const") && schema.contains("enum"))
      refuse_schema(path, "\"enum\" beside \"const\" is not supported");
    json::array all;
    if (schema.contains("const")) all.push_back(schema.at("const"));
    if (schema.contains("enum")) all = schema_array(schema, "enum", path);
    const auto types = schema_types(schema, path);
    std::vector<Expression> parts;
    for (const json::value& value : all) {
      const auto fits = [&](const std::string& type) { return has_type(value, type); };
      if (types.empty() || std::ranges::any_of(types, fits))
        parts.push_back(grammar_.bytes(json::serialize(value)));
    }
    return grammar_.choice(std::move(parts));
  }

  // ---- Types ----

  static bool has_type(const json::value& value, const std::string& type) {
    if (type == "number") return value.is_number();
    if (type == "integer") {
      return value.is_number() && value.to_number<double>() == std::floor(value.to_number<double>());
    }
    constexpr std::pair<const char*, json::kind> kKinds[] = {{"null", json::kind::null},
                                                             {"boolean", json::kind::bool_},
                                                             {"string", json::kind::string},
                                                             {"array", json::kind::array},
                                                             {"object", json::kind::object}};
    return std::ranges::any_of(
        kKinds, [&](const auto& kind) { return kind.first == type && kind.second == value.kind(); });
  }

  // The types whose keywords stand there without "type".
  static std::vector<std::string> implied_types(const json::object& schema) {
    std::vector<std::string> types;
    constexpr std::pair<Group, const char*> kImplied[] = {{Group::kObject, "object"},
                                                          {Group::kArray, "array"},
                                                          {Group::kString, "string"},
                                                          {Group::kNumber, "number"}};
    for (const auto& [group, type] : kImplied) {
      if (has_keyword(schema, group)) types.emplace_back(type);
    }
    return types;
  }

  Expression typed(const SchemaPlace& place) {
    const json::object& schema = place.schema->get_object();
    auto types = schema_types(schema, place.path);
    if (types.empty()) types = implied_types(schema);
    if (types.empty()) {
      check_keywords(schema, place.path, {});
      return rules_.value();
    }
    const auto group = [&](const char* type, Group keywords) {
      return std::ranges::count(types, type) > 0 ? keywords : Group::kType;
    };
    check_keywords(
        schema, place.path,
        {Group::kType, group("object", Group::kObject), group("array", Group::kArray),
         group("string", Group::kString), group("integer", Group::kNumber), group("number", Group::kNumber)});
    std::vector<Expression> parts;
    for (const std::string& type : types) parts.push_back(of_type(type, schema, place));
    return grammar_.choice(std::move(parts));
  }

  Expression of_type(const std::string& type, const json::object& schema, const SchemaPlace& place) {
    if (type == "object") return object(place);
    if (type == "array") return array(schema, place.path);
    if (type == "string") return schema_string(schema, place.path, grammar_, rules_);
    if (type == "integer") return integer(schema, place.path);
    if (type == "boolean") return rules_.boolean();
    if (type == "null") return rules_.null();
    if (type != "number") fail_schema(place.path, "\"type\" " + printable(type) + " is not known");
    if (has_keyword(schema, Group::kNumber))
      refuse_schema(place.path, "bounds of a number are not supported, want \"type\": \"integer\"");
    return rules_.number();
  }

  static std::optional<int64_t> bound(const json::object& schema, const char* keyword,
                                      const std::string& path, const std::function<double(double)>& rounded) {
    const json::value* value = schema.if_contains(keyword);
    if (value == nullptr) return std::nullopt;
    if (!value->is_number()) fail_schema(path, "\"" + std::string(keyword) + "\": want a number");
    if (const int64_t* exact = value->if_int64(); exact != nullptr && std::abs(*exact) < (int64_t{1} << 60))
      return *exact + static_cast<int64_t>(rounded(0));
    return static_cast<int64_t>(
        std::clamp(rounded(value->to_number<double>()), -kLargestBound, kLargestBound));
  }

  Expression integer(const json::object& schema, const std::string& path) {
    const auto at_least = bound(schema, "minimum", path, [](double x) { return std::ceil(x); });
    const auto above = bound(schema, "exclusiveMinimum", path, [](double x) { return std::floor(x) + 1; });
    const auto at_most = bound(schema, "maximum", path, [](double x) { return std::floor(x); });
    const auto below = bound(schema, "exclusiveMaximum", path, [](double x) { return std::ceil(x) - 1; });
    std::optional<int64_t> least = std::max(at_least, above), most = at_most;
    if (below && (!most || *below < *most)) most = below;
    return rules_.integer(least, most);
  }

  Expression array(const json::object& schema, const std::string& path) {
    const uint32_t least = schema_count(schema, "minItems", 0, path);
    const uint32_t most = schema_count(schema, "maxItems", Grammar::kUnlimited, path);
    if (least > most) fail_schema(path, "\"minItems\" is more than \"maxItems\"");
    std::vector<SchemaPlace> first;
    if (schema.contains("prefixItems")) first = schema_places(schema, "prefixItems", path);
    if (first.size() > kMaxParts) refuse_schema(path, "more than 100 \"prefixItems\"");
    if (first.size() > most) first.resize(most);
    const auto n = static_cast<uint32_t>(first.size());
    const json::value* items = schema.if_contains("items");
    const bool is_closed = items == nullptr ? n > 0 : *items == json::value(false);
    const Expression item = items == nullptr ? rules_.value() : rule_of({items, schema_path(path, "items")});
    const uint32_t n_more = is_closed ? 0 : most == Grammar::kUnlimited ? most : most - n;
    if (n + uint64_t{n_more} < least) return grammar_.choice({});
    if (n == 0) return rules_.bracketed("[]", rules_.list(item, least, n_more));
    Expression rest =
        grammar_.repeat(grammar_.sequence({rules_.comma(), item}), least > n ? least - n : 0, n_more);
    for (uint32_t i = n; i-- > 0;) {
      rest = grammar_.sequence({i > 0 ? rules_.comma() : grammar_.nothing(), rule_of(first[i]), rest});
      if (i >= least) rest = grammar_.optional(rest);
    }
    return rules_.bracketed("[]", rest);
  }

  // ---- Objects ----

  Expression all_of(const SchemaPlace& place) {
    const json::object& schema = place.schema->get_object();
    check_keywords(schema, place.path, {Group::kAllOf, Group::kType, Group::kObject});
    const auto parts = schema_places(schema, "allOf", place.path);
    const bool is_alone = !has_keyword(schema, Group::kType) && !has_keyword(schema, Group::kObject);
    if (parts.size() == 1 && is_alone) return rule_of(parts[0]);
    return object(place);
  }

  Expression object(const SchemaPlace& place) {
    SchemaMembers members = members_of_schema(place, document_);
    if (members.named.empty() && members.required.empty() && !members.others) return rules_.object();
    for (const std::string& name : members.required) {
      if (std::ranges::count(members.named, name, &std::pair<std::string, SchemaPlace>::first) > 0) continue;
      static const json::value any(true);
      members.named.emplace_back(
          name, members.others.value_or(SchemaPlace{&any, schema_path(place.path, "required")}));
    }
    return rules_.bracketed("{}", members_of(members));
  }

  // From the last member to the first, for each what may come from it on: behind others, and as the first.
  Expression members_of(const SchemaMembers& members) {
    Expression behind = grammar_.nothing(), as_first = grammar_.nothing();
    if (members.others && *members.others->schema != json::value(false)) {
      std::vector<std::string> names;
      for (const auto& [name, place] : members.named) names.push_back(name);
      const Expression other = rules_.other_member(names, rule_of(*members.others));
      behind = grammar_.repeat(grammar_.sequence({rules_.comma(), other}), 0);
      as_first = rules_.list(other, 0, Grammar::kUnlimited);
    }
    for (auto member = members.named.rbegin(); member != members.named.rend(); ++member) {
      const auto& [name, place] = *member;
      const Expression rest = as_rule(behind, name);
      const Expression one = rules_.member(json::serialize(json::string(name)), rule_of(place));
      const Expression with_comma = grammar_.sequence({rules_.comma(), one, rest});
      const Expression first = grammar_.sequence({one, rest});
      const bool is_required = std::ranges::count(members.required, name) > 0;
      behind = is_required ? with_comma : grammar_.choice({with_comma, rest});
      as_first = is_required ? first : grammar_.choice({first, as_rule(as_first, name)});
    }
    return as_first;
  }

  Expression as_rule(Expression body, const std::string& name) {
    const Grammar::RuleId rule = grammar_.add_rule("behind " + printable(name));
    grammar_.define(rule, body);
    return grammar_.call(rule);
  }

  const json::value document_;
  Grammar grammar_;
  JsonRules rules_;
  std::map<std::string, Grammar::RuleId> rule_at_;  // by the schema's path
  std::deque<std::pair<Grammar::RuleId, SchemaPlace>> undefined_;
};

Grammar alone(Expression (JsonRules::*kind)()) {
  Grammar grammar;
  const Grammar::RuleId root = grammar.add_rule("root");
  JsonRules rules(grammar);
  grammar.define(root, (rules.*kind)());
  return grammar;
}

}  // namespace

Grammar parse_json_schema(std::string_view text) {
  json::error_code error;
  json::value document = json::parse(text, error, {}, {.max_depth = kMaxNesting});
  if (error == json::error::too_deep) throw Error(ErrorKind::kUnsupported, "the schema is nested too deeply");
  if (error) throw Error(ErrorKind::kUsage, "not JSON: " + error.message());
  return SchemaGrammar(std::move(document)).run();
}

Grammar any_json() { return alone(&JsonRules::value); }
Grammar any_json_object() { return alone(&JsonRules::object); }

}  // namespace rwkv
