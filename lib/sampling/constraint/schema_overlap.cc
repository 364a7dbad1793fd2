#include "sampling/constraint/schema_overlap.h"

#include <algorithm>
#include <boost/json.hpp>
#include <string_view>
#include <utility>
#include <vector>

#include "sampling/constraint/schema_keywords.h"

namespace rwkv {
namespace {

namespace json = boost::json;

constexpr int kMaxReferences = 16, kMaxComparisons = 1000;

// Bits of kinds of values.
constexpr std::pair<std::string_view, unsigned> kKinds[] = {
    {"null", 1}, {"boolean", 2}, {"integer", 4}, {"number", 4}, {"string", 8}, {"array", 16}, {"object", 32}};
constexpr unsigned kAnyKind = 63, kObject = 32;

unsigned kind_named(std::string_view name) {
  for (const auto& [known, bits] : kKinds) {
    if (known == name) return bits;
  }
  return kAnyKind;
}

unsigned kind_of(const json::value& value) {
  if (value.is_number()) return kind_named("number");
  constexpr std::pair<json::kind, std::string_view> kNames[] = {{json::kind::null, "null"},
                                                                {json::kind::bool_, "boolean"},
                                                                {json::kind::string, "string"},
                                                                {json::kind::array, "array"}};
  for (const auto& [kind, name] : kNames) {
    if (value.kind() == kind) return kind_named(name);
  }
  return kObject;
}

// The values of const or enum; nothing when there is neither.
std::vector<json::value> values_of(const json::object& schema) {
  if (const json::value* one = schema.if_contains("const")) return {*one};
  const json::value* several = schema.if_contains("enum");
  if (several == nullptr || !several->is_array()) return {};
  return {several->get_array().begin(), several->get_array().end()};
}

unsigned kinds_of(const json::object& schema) {
  unsigned kinds = 0;
  for (const json::value& value : values_of(schema)) kinds |= kind_of(value);
  if (kinds != 0) return kinds;
  const json::value* type = schema.if_contains("type");
  if (type == nullptr) return has_keyword(schema, KeywordGroup::kObject) ? kObject : kAnyKind;
  if (type->is_string()) return kind_named(type->get_string());
  if (!type->is_array()) return kAnyKind;
  for (const json::value& one : type->get_array())
    kinds |= one.is_string() ? kind_named(one.get_string()) : kAnyKind;
  return kinds;
}

bool are_equal(const json::value& a, const json::value& b) {
  if (a.is_number() && b.is_number()) return a.to_number<double>() == b.to_number<double>();
  return a == b;
}

class Overlap {
 public:
  explicit Overlap(const json::value& document) : document_(document) {}

  bool disjoint(const json::value& first, const json::value& second) {
    const json::object *a = resolved(first), *b = resolved(second);
    if (a == nullptr || b == nullptr || ++n_compared_ > kMaxComparisons) return false;
    if ((kinds_of(*a) & kinds_of(*b)) == 0) return true;
    const auto values = values_of(*a), others = values_of(*b);
    if (!values.empty() && !others.empty()) {
      return std::ranges::none_of(values, [&](const json::value& value) {
        return std::ranges::any_of(others, [&](const json::value& other) { return are_equal(value, other); });
      });
    }
    return (kinds_of(*a) & kinds_of(*b)) == kObject && differ_in_member(*a, *b);
  }

 private:
  const json::object* resolved(const json::value& schema) const {
    const json::value* at = &schema;
    for (int i = 0; i < kMaxReferences; ++i) {
      const json::object* object = at->if_object();
      const json::value* reference = object == nullptr ? nullptr : object->if_contains("$ref");
      if (reference == nullptr || !reference->is_string()) return object;
      at = &referenced(document_, reference->get_string(), "");
    }
    return nullptr;
  }

  static bool requires_member(const json::object& schema, std::string_view name) {
    const json::value* required = schema.if_contains("required");
    if (required == nullptr || !required->is_array()) return false;
    return std::ranges::any_of(required->get_array(), [&](const json::value& one) {
      return one.is_string() && one.get_string() == name;
    });
  }

  bool differ_in_member(const json::object& a, const json::object& b) {
    const json::value *members = a.if_contains("properties"), *others = b.if_contains("properties");
    if (members == nullptr || others == nullptr || !members->is_object() || !others->is_object())
      return false;
    return std::ranges::any_of(members->get_object(), [&](const auto& member) {
      const std::string_view name(member.key().data(), member.key().size());
      const json::value* other = others->get_object().if_contains(name);
      return other != nullptr && requires_member(a, name) && requires_member(b, name) &&
             disjoint(member.value(), *other);
    });
  }

  const json::value& document_;
  int n_compared_ = 0;
};

}  // namespace

bool are_disjoint(const json::value& a, const json::value& b, const json::value& document) {
  return Overlap(document).disjoint(a, b);
}

}  // namespace rwkv
