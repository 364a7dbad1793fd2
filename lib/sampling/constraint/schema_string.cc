#include "sampling/constraint/schema_string.h"

#include <boost/json.hpp>
#include <cmath>
#include <string_view>

#include "core/error.h"
#include "core/printable.h"
#include "sampling/constraint/regex_grammar.h"
#include "sampling/constraint/schema_keywords.h"

namespace rwkv {
namespace {

namespace json = boost::json;
using Expression = Grammar::Expression;

constexpr uint32_t kMaxCount = 10'000;

// Some of what each format allows: no leap day, years from 1000 to 2999, short names.
constexpr std::string_view kDate =
    R"([12]\d{3}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8])))";
constexpr std::string_view kTime =
    R"((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,6})?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d))";
constexpr std::string_view kUuid = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";
constexpr std::string_view kEmail =
    R"([\w+-]{1,32}(?:\.[\w+-]{1,16}){0,3}@[a-z0-9]{1,32}(?:-[a-z0-9]{1,16})?(?:\.[a-z0-9]{2,16}){1,3})";

struct Format {
  std::string_view name;
  std::string_view parts[3];  // regular expressions, one after the other
};
constexpr Format kFormats[] = {{"date", {kDate}},
                               {"time", {kTime}},
                               {"date-time", {kDate, "T", kTime}},
                               {"uuid", {kUuid}},
                               {"email", {kEmail}}};

std::string text_of(const json::object& schema, const char* keyword, const std::string& path) {
  const json::value& value = schema.at(keyword);
  if (!value.is_string()) fail_schema(path, "\"" + std::string(keyword) + "\": want a string");
  return {value.get_string().begin(), value.get_string().end()};
}

std::string regex_of_format(const std::string& name, const std::string& path) {
  std::string known;
  for (const Format& format : kFormats) {
    if (format.name == name) {
      std::string regex;
      for (const std::string_view part : format.parts) regex += part;
      return regex;
    }
    known += (known.empty() ? "" : ", ") + std::string(format.name);
  }
  refuse_schema(path, "\"format\" " + printable(name) + " is not supported: want one of " + known);
}

Expression matching(const std::string& regex, bool is_searched_for, Grammar& grammar, JsonRules& rules) {
  const RegexOptions options{is_searched_for, JsonRules::character_of};
  return rules.quoted(parse_regex(regex, options, grammar));
}

}  // namespace

uint32_t schema_count(const json::object& schema, const char* keyword, uint32_t otherwise,
                      const std::string& path) {
  const json::value* value = schema.if_contains(keyword);
  if (value == nullptr) return otherwise;
  const double count = value->is_number() ? value->to_number<double>() : -1;
  const std::string name = "\"" + std::string(keyword) + "\"";
  if (count < 0 || count != std::floor(count)) fail_schema(path, name + ": want a whole number, 0 or more");
  if (count > kMaxCount)
    refuse_schema(path, name + " of more than " + std::to_string(kMaxCount) + " is not supported");
  return static_cast<uint32_t>(count);
}

Expression schema_string(const json::object& schema, const std::string& path, Grammar& grammar,
                         JsonRules& rules) {
  const bool has_length = schema.contains("minLength") || schema.contains("maxLength");
  const bool has_pattern = schema.contains("pattern"), has_format = schema.contains("format");
  if (has_length + has_pattern + has_format > 1)
    refuse_schema(path, "lengths, \"pattern\" and \"format\" together are not supported");
  if (has_pattern) {
    return with_context("#" + printable(path) + "/pattern",
                        [&] { return matching(text_of(schema, "pattern", path), true, grammar, rules); });
  }
  if (has_format)
    return matching(regex_of_format(text_of(schema, "format", path), path), false, grammar, rules);
  if (!has_length) return rules.string();
  const uint32_t least = schema_count(schema, "minLength", 0, path);
  const uint32_t most = schema_count(schema, "maxLength", Grammar::kUnlimited, path);
  if (least > most) fail_schema(path, "\"minLength\" is more than \"maxLength\"");
  return rules.string(least, most);
}

}  // namespace rwkv
