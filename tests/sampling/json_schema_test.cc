// Schemas by their meaning: for each keyword some texts that fit it and some that do not.
#include "sampling/constraint/json_schema.h"

#include <gtest/gtest.h>

#include "sampling/constraint/constraint.h"
#include "support/error_of.h"

namespace rwkv {
namespace {

Constraint constraint_of(const std::string& schema) {
  const auto byte_of = [](TokenId id) {
    static const std::string bytes = [] {
      std::string all;
      for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
      return all;
    }();
    return std::string_view(bytes).substr(id == 0 ? 256 : id - 1, 1);
  };
  return {parse_json_schema(schema), std::make_shared<TokenTrie>(257, byte_of), "digest"};
}

struct Case {
  const char* schema;
  std::vector<const char*> fits, does_not;
};

const Case kCases[] = {
    {"true", {"1", "null", "[[]]", R"({"a":{}})"}, {"", "1 2", "nul"}},
    {"{}", {"\"x\"", "-1.5e-3"}, {"01", "1.", ".5", "+1"}},
    {R"({"type":"null"})", {"null"}, {"0"}},
    {R"({"type":"boolean"})", {"true", "false"}, {"1"}},
    {R"({"type":["string","null"]})", {"null", "\"\""}, {"1"}},
    {R"({"type":"integer"})", {"0", "-7", "123456789012345678"}, {"1.5", "-0", "1e3", "007"}},
    {R"({"type":"integer","minimum":5,"maximum":105})",
     {"5", "9", "10", "42", "99", "100", "105"},
     {"4", "106", "-5", "05", "1000"}},
    {R"({"type":"integer","exclusiveMinimum":-11,"exclusiveMaximum":2.5})",
     {"-10", "-9", "-1", "0", "2"},
     {"-11", "3", "-0"}},
    {R"({"type":"integer","maximum":-3})", {"-3", "-4", "-100"}, {"-2", "3", "0"}},
    {R"({"type":"integer","minimum":1.5})", {"2", "999999999999999999"}, {"1", "0"}},
    {R"({"type":"number"})", {"1", "-1.5", "2e-5", "0.0"}, {"1.", "--1", "1e", "NaN"}},
    {R"({"type":"string"})",
     {"\"\"", "\"\\u00e9\\\"\"", "\"\xC3\xA9\""},
     {"\"", "\"\n\"", "\"\\x\"", "\"\\ud83d\"", "\"\xC3\""}},
    {R"({"type":"string","minLength":2,"maxLength":3})",
     {"\"ab\"", "\"\xC3\xA9\\n\xF0\x9F\x98\x80\""},
     {"\"a\"", "\"abcd\""}},
    {R"({"type":"string","pattern":"^[a-z]{2}$"})", {"\"ab\""}, {"\"a\"", "\"abc\""}},
    {R"({"type":"string","pattern":"b+"})", {"\"b\"", "\"abba\""}, {"\"a\""}},
    {R"({"pattern":"^\"\\n\\\\$"})", {R"("\"\n\\")"}, {R"("""")"}},
    {R"({"type":"string","format":"date"})",
     {"\"2026-11-25\"", "\"2024-02-28\""},
     {"\"2026-13-01\"", "\"2026-02-30\"", "\"2026-4-1\""}},
    {R"({"type":"string","format":"time"})",
     {"\"23:59:59Z\"", "\"01:02:03.5+01:00\""},
     {"\"24:00:00Z\"", "\"01:02\""}},
    {R"({"type":"string","format":"date-time"})", {"\"2026-11-25T23:59:59Z\""}, {"\"2026-11-25\""}},
    {R"({"type":"string","format":"uuid"})", {"\"01234567-89ab-cdef-0123-456789abcdef\""}, {"\"01234567\""}},
    {R"({"type":"string","format":"email"})", {"\"a.b+c@example.org\""}, {"\"a@b\"", "\"@x.org\""}},
    {R"({"const":{"a":[1,"x"]}})", {R"({"a":[1,"x"]})"}, {R"({"a":[1]})"}},
    {R"({"enum":["a",1,null]})", {"\"a\"", "1", "null"}, {"\"b\"", "2"}},
    {R"({"type":"string","enum":["a",1]})", {"\"a\""}, {"1"}},
    {R"({"type":"array"})", {"[]", "[1, \"a\"]"}, {"[1,]", "{}"}},
    {R"({"items":{"type":"integer"},"minItems":1,"maxItems":2})",
     {"[1]", "[1,2]"},
     {"[]", "[1,2,3]", "[\"a\"]"}},
    {R"({"prefixItems":[{"type":"integer"},{"type":"null"}]})",
     {"[]", "[1]", "[1,null]"},
     {"[null]", "[1,null,1]"}},
    {R"({"prefixItems":[{"type":"integer"}],"items":{"type":"null"},"minItems":2})",
     {"[1,null]", "[1, null, null]"},
     {"[1]", "[1,1]"}},
    {R"({"prefixItems":[{"type":"integer"}],"items":false,"maxItems":5})", {"[]", "[1]"}, {"[1,1]"}},
    {R"({"type":"object"})", {"{}", R"({"a": 1})"}, {"[]", "{a:1}"}},
    {R"({"type":"object","properties":{"a":{"type":"integer"},"b":{"type":"null"}},"required":["b"]})",
     {R"({"a":1,"b":null})", R"({"b":null})", "{\n  \"b\": null\n}"},
     {"{}", R"({"a":1})", R"({"b":null,"a":1})", R"({"b":null,"c":1})", R"({,"b":null})"}},
    {R"({"properties":{"a":true,"b":true}})",
     {"{}", R"({"b":1})", R"({"a":[],"b":1})"},
     {"[]", R"({"a":1,})"}},
    {R"({"type":"object","additionalProperties":{"type":"integer"}})",
     {"{}", R"({"x":1,"y":2})"},
     {R"({"x":"1"})"}},
    {R"({"properties":{"ab":true},"additionalProperties":{"type":"null"}})",
     {R"({"ab":1})", R"({"a":null})", R"({"abc":null})", R"({"ab":1,"b":null})", R"({"":null})"},
     {R"({"b":null,"ab":null})", R"({"abc":1})", R"({"\u0061b":null})"}},
    {R"({"properties":{"a":{"type":"integer"}},"additionalProperties":false})",
     {"{}", R"({"a":1})"},
     {R"({"b":1})"}},
    {R"({"required":["x"],"additionalProperties":{"type":"integer"}})",
     {R"({"x":1})", R"({"x":1,"y":1})"},
     {"{}", R"({"x":null})"}},
    {R"({"properties":{"a":false,"b":true}})", {"{}", R"({"b":1})"}, {R"({"a":1})"}},
    {R"({"anyOf":[{"type":"integer"},{"type":"string","maxLength":1}]})", {"1", "\"a\""}, {"null", "\"ab\""}},
    {R"({"oneOf":[{"type":"integer"},{"type":"string"}]})", {"1", "\"a\""}, {"null"}},
    {R"({"oneOf":[{"properties":{"k":{"const":"a"}},"required":["k"]},{"properties":{"k":{"const":"b"},"v":true},"required":["k","v"]}]})",
     {R"({"k":"a"})", R"({"k":"b","v":1})"},
     {R"({"k":"b"})", R"({"k":"c"})"}},
    {R"({"allOf":[{"properties":{"a":{"type":"integer"}},"required":["a"]},{"$ref":"#/$defs/b"}],"$defs":{"b":{"properties":{"b":{"type":"null"}}}}})",
     {R"({"a":1})", R"({"a":1,"b":null})"},
     {"{}", R"({"b":null})"}},
    {R"({"$ref":"#/$defs/a~1b","$defs":{"a/b":{"type":"integer"}}})", {"1"}, {"null"}},
    {R"({"properties":{"next":{"$ref":"#"}},"additionalProperties":false})",
     {"{}", R"({"next":{"next":{}}})"},
     {R"({"next":1})"}},
};

TEST(JsonSchema, SaysWhatFits) {
  for (const Case& one : kCases) {
    const Constraint constraint = constraint_of(one.schema);
    for (const char* text : one.fits) EXPECT_TRUE(constraint.is_complete(text)) << one.schema << " " << text;
    for (const char* text : one.does_not)
      EXPECT_FALSE(constraint.is_complete(text)) << one.schema << " " << text;
  }
}

TEST(JsonSchema, NamesWhatIsNotSupported) {
  const std::pair<const char*, const char*> cases[] = {
      {"{", "not JSON: incomplete JSON"},
      {"1", "#: want a schema: an object, true or false"},
      {R"({"properties":{"a":{"patternProperties":{}}}})",
       R"(#/properties/a: "patternProperties" is not supported)"},
      {R"({"not":{}})", R"(#: "not" is not supported)"},
      {R"({"type":"string","minimum":1})", R"(#: "minimum" beside "type" is not supported)"},
      {R"({"type":"number","minimum":1})",
       R"(#: bounds of a number are not supported, want "type": "integer")"},
      {R"({"type":"float"})", R"(#: "type" float is not known)"},
      {R"({"type":"string","format":"ipv4"})",
       R"(#: "format" ipv4 is not supported: want one of date, time, date-time, uuid, email)"},
      {R"x({"type":"string","pattern":"(?=a)"})x",
       "#/pattern: line 1, column 3: want (?: or (?<name>: look-around and flags are not supported"},
      {R"({"$ref":"other.json"})", R"(#: "$ref" to other.json: want # or #/..)"},
      {R"({"$ref":"#/a"})", R"(#: "$ref" to #/a: nothing is there)"},
      {R"({"$ref":"#","type":"null"})", R"(#: "type" beside "$ref" is not supported)"},
      {R"({"$ref":"#"})", "left recursion: # begins with itself"},
      {R"({"oneOf":[{"type":"integer"},{"type":"number"}]})",
       R"(#: "oneOf" whose alternatives 0 and 1 may both hold is not supported: want different types, constants, or a required member that tells them apart)"},
      {R"({"allOf":[{"type":"string"},{"type":"string"}]})",
       R"(#/allOf/0: "allOf" of other types than objects is not supported)"},
      {R"({"allOf":[{"properties":{"a":true}},{"properties":{"a":true}}]})",
       "#/allOf/1: a second schema of the member a is not supported"},
      {R"({"items":{"type":"integer"},"minItems":2,"maxItems":1})",
       R"(#: "minItems" is more than "maxItems")"},
      {R"({"minLength":20000})", R"(#: "minLength" of more than 10000 is not supported)"},
      {R"({"enum":[]})", R"(#: "enum": want an array that is not empty)"},
      {"false", "no text fits the grammar, or none that the vocabulary can spell"},
  };
  for (const auto& one : cases)
    EXPECT_EQ(error_of([&] { constraint_of(one.first); }), one.second) << one.first;
}

}  // namespace
}  // namespace rwkv
