#include "sampling/constraint/schema_keywords.h"

#include <algorithm>
#include <boost/json.hpp>

#include "core/error.h"
#include "core/printable.h"

namespace rwkv {
namespace {

namespace json = boost::json;
using Group = KeywordGroup;

struct Keyword {
  std::string_view name;
  Group group;
};
constexpr Keyword kKeywords[] = {
    {"$schema", Group::kNote},
    {"$comment", Group::kNote},
    {"$defs", Group::kNote},
    {"definitions", Group::kNote},
    {"title", Group::kNote},
    {"description", Group::kNote},
    {"default", Group::kNote},
    {"examples", Group::kNote},
    {"deprecated", Group::kNote},
    {"readOnly", Group::kNote},
    {"writeOnly", Group::kNote},
    {"type", Group::kType},
    {"$ref", Group::kReference},
    {"const", Group::kValues},
    {"enum", Group::kValues},
    {"anyOf", Group::kAnyOf},
    {"oneOf", Group::kOneOf},
    {"allOf", Group::kAllOf},
    {"properties", Group::kObject},
    {"required", Group::kObject},
    {"items", Group::kArray},
    {"prefixItems", Group::kArray},
    {"minItems", Group::kArray},
    {"maxItems", Group::kArray},
    {"minLength", Group::kString},
    {"maxLength", Group::kString},
    {"pattern", Group::kString},
    {"format", Group::kString},
    {"minimum", Group::kNumber},
    {"maximum", Group::kNumber},
    {"exclusiveMinimum", Group::kNumber},
    {"exclusiveMaximum", Group::kNumber},
    {"additionalProperties", Group::kObject},
};

const Keyword* find_keyword(std::string_view name) {
  const auto* found = std::ranges::find(kKeywords, name, &Keyword::name);
  return found == std::end(kKeywords) ? nullptr : found;
}

}  // namespace

void fail_schema(const std::string& path, const std::string& message) {
  throw Error(ErrorKind::kUsage, "#" + printable(path) + ": " + message);
}

void refuse_schema(const std::string& path, const std::string& message) {
  throw Error(ErrorKind::kUnsupported, "#" + printable(path) + ": " + message);
}

std::string schema_path(const std::string& path, std::string_view key) {
  std::string result = path + "/";
  for (const char c : key) {
    if (c == '~') {
      result += "~0";
    } else if (c == '/') {
      result += "~1";
    } else {
      result += c;
    }
  }
  return result;
}

void check_keywords(const json::object& schema, const std::string& path,
                    std::initializer_list<KeywordGroup> groups) {
  for (const auto& member : schema) {
    const std::string_view name(member.key().data(), member.key().size());
    const Keyword* known = find_keyword(name);
    const auto quoted = [](std::string_view word) { return "\"" + printable(word) + "\""; };
    if (known == nullptr) refuse_schema(path, quoted(name) + " is not supported");
    if (known->group == Group::kNote || std::ranges::count(groups, known->group) > 0) continue;
    for (const auto& other : schema) {
      const Keyword* beside = find_keyword(std::string_view(other.key().data(), other.key().size()));
      if (beside != nullptr && std::ranges::count(groups, beside->group) > 0)
        refuse_schema(path, quoted(name) + " beside " + quoted(beside->name) + " is not supported");
    }
    refuse_schema(path, quoted(name) + " is not supported here");
  }
}

bool has_keyword(const json::object& schema, KeywordGroup group) {
  return std::ranges::any_of(kKeywords, [&](const Keyword& keyword) {
    return keyword.group == group && schema.contains(keyword.name);
  });
}

const json::value& referenced(const json::value& document, std::string_view reference,
                              const std::string& path) {
  if (!reference.starts_with('#') || reference.find('%') != std::string_view::npos ||
      (reference.size() > 1 && reference[1] != '/')) {
    refuse_schema(path, "\"$ref\" to " + printable(reference) + ": want # or #/..");
  }
  json::error_code error;
  const json::value* found = document.find_pointer(reference.substr(1), error);
  if (found == nullptr) fail_schema(path, "\"$ref\" to " + printable(reference) + ": nothing is there");
  return *found;
}

}  // namespace rwkv
