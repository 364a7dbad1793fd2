#include "sampling/constraint/schema_members.h"

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "core/printable.h"
#include "sampling/constraint/schema_keywords.h"

namespace rwkv {
namespace {

namespace json = boost::json;
using Group = KeywordGroup;

constexpr size_t kMaxParts = 200, kMaxMembers = 1000;

std::string text_of(const json::string& text) { return {text.begin(), text.end()}; }

bool has_member(const SchemaMembers& members, const std::string& name) {
  return std::ranges::count(members.named, name, &std::pair<std::string, SchemaPlace>::first) > 0;
}

void collect_named(const json::object& schema, const std::string& path, SchemaMembers& members) {
  const json::value* named = schema.if_contains("properties");
  if (named == nullptr) return;
  if (!named->is_object()) fail_schema(path, "\"properties\": want an object");
  if (named->get_object().size() > kMaxMembers) refuse_schema(path, "more than 1000 members");
  for (const auto& member : named->get_object()) {
    std::string name(member.key().data(), member.key().size());
    if (has_member(members, name))
      refuse_schema(path, "a second schema of the member " + printable(name) + " is not supported");
    SchemaPlace place{&member.value(), schema_path(schema_path(path, "properties"), name)};
    members.named.emplace_back(std::move(name), std::move(place));
  }
}

void collect_required(const json::object& schema, const std::string& path, SchemaMembers& members) {
  const json::value* required = schema.if_contains("required");
  if (required == nullptr) return;
  if (!required->is_array()) fail_schema(path, "\"required\": want an array of names");
  for (const json::value& name : required->get_array()) {
    if (!name.is_string()) fail_schema(path, "\"required\": want an array of names");
    members.required.push_back(text_of(name.get_string()));
  }
}

void check_part(const json::object& schema, const std::string& path) {
  check_keywords(schema, path, {Group::kAllOf, Group::kType, Group::kObject});
  const auto types = schema_types(schema, path);
  if (!types.empty() && types != std::vector<std::string>{"object"})
    refuse_schema(path, "\"allOf\" of other types than objects is not supported");
}

void collect(const SchemaPlace& place, const json::value& document, SchemaMembers& members, size_t& n_parts) {
  if (++n_parts > kMaxParts) refuse_schema(place.path, "\"allOf\" of more than 200 parts");
  const json::object* schema = place.schema->if_object();
  if (schema == nullptr) refuse_schema(place.path, "want a schema of an object in \"allOf\"");
  if (schema->contains("$ref")) {
    check_keywords(*schema, place.path, {Group::kReference});
    return collect(target_of(*schema, place.path, document), document, members, n_parts);
  }
  const bool is_part = n_parts > 1 || schema->contains("allOf");
  if (is_part) check_part(*schema, place.path);
  collect_named(*schema, place.path, members);
  collect_required(*schema, place.path, members);
  if (const json::value* others = schema->if_contains("additionalProperties")) {
    if (is_part && *others != json::value(true))
      refuse_schema(place.path, "\"additionalProperties\" beside or in \"allOf\" is not supported");
    members.others = {others, schema_path(place.path, "additionalProperties")};
  }
  if (!schema->contains("allOf")) return;
  for (const SchemaPlace& part : schema_places(*schema, "allOf", place.path))
    collect(part, document, members, n_parts);
}

}  // namespace

const json::array& schema_array(const json::object& schema, const char* keyword, const std::string& path) {
  const json::value& value = schema.at(keyword);
  if (!value.is_array() || value.get_array().empty())
    fail_schema(path, "\"" + std::string(keyword) + "\": want an array that is not empty");
  return value.get_array();
}

std::vector<SchemaPlace> schema_places(const json::object& schema, const char* keyword,
                                       const std::string& path) {
  std::vector<SchemaPlace> places;
  for (const json::value& one : schema_array(schema, keyword, path))
    places.push_back({&one, schema_path(schema_path(path, keyword), std::to_string(places.size()))});
  return places;
}

std::vector<std::string> schema_types(const json::object& schema, const std::string& path) {
  const json::value* type = schema.if_contains("type");
  if (type == nullptr) return {};
  if (type->is_string()) return {text_of(type->get_string())};
  std::vector<std::string> types;
  for (const json::value& one : schema_array(schema, "type", path)) {
    if (!one.is_string()) fail_schema(path, "\"type\": want names of types");
    types.push_back(text_of(one.get_string()));
  }
  return types;
}

SchemaPlace target_of(const json::object& schema, const std::string& path, const json::value& document) {
  const json::value& reference = schema.at("$ref");
  if (!reference.is_string()) fail_schema(path, "\"$ref\": want a string");
  const std::string target = text_of(reference.get_string());
  return {&referenced(document, target, path), target.substr(std::min<size_t>(1, target.size()))};
}

SchemaMembers members_of_schema(const SchemaPlace& place, const json::value& document) {
  SchemaMembers members;
  size_t n_parts = 0;
  collect(place, document, members, n_parts);
  if (members.named.size() > kMaxMembers) refuse_schema(place.path, "more than 1000 members");
  return members;
}

}  // namespace rwkv
