// The rules of JSON, for the grammars of schemas.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sampling/constraint/grammar.h"

namespace rwkv {

// Texts of JSON in a form that models write and every parser reads: after brackets and commas perhaps a
// space, or a line break and up to 20 spaces; perhaps a space behind a colon; numbers that fit int64 or a
// double.
class JsonRules {
 public:
  using Expression = Grammar::Expression;

  explicit JsonRules(Grammar& grammar) : grammar_(grammar) {}

  Expression value() { return call(value_, "value", &JsonRules::value_body); }
  Expression object() { return call(object_, "object", &JsonRules::object_body); }
  Expression array() { return call(array_, "array", &JsonRules::array_body); }
  Expression string() { return call(string_, "string", &JsonRules::string_body); }
  Expression number() { return call(number_, "number", &JsonRules::number_body); }
  Expression boolean() { return grammar_.choice({grammar_.bytes("true"), grammar_.bytes("false")}); }
  Expression null() { return grammar_.bytes("null"); }

  // A string of least to most characters.
  Expression string(uint32_t least, uint32_t most);
  // A string of what the expression says, made of character_of() and the like.
  Expression quoted(Expression content);
  // One character of the set inside a string, escaped where JSON wants that.
  static Expression character_of(Grammar& grammar, const CodeSet& set);
  // A whole number between two, both included; up to 18 digits where one is missing.
  Expression integer(std::optional<int64_t> least, std::optional<int64_t> most);

  // "name": and a value; the name as JSON writes it.
  Expression member(std::string_view quoted_name, Expression value);
  // The same with a name that is none of `names` (UTF-8).
  Expression other_member(const std::vector<std::string>& names, Expression value);
  Expression comma();
  // The brackets "{}" or "[]" around the content.
  Expression bracketed(std::string_view brackets, Expression content);
  // Things with commas between them.
  Expression list(Expression thing, uint32_t least, uint32_t most);

 private:
  using Rule = std::optional<Grammar::RuleId>;
  Expression call(Rule& rule, const char* name, Expression (JsonRules::*body)());
  Expression value_body();
  Expression object_body();
  Expression array_body();
  Expression string_body();
  Expression number_body();
  Expression character_body();
  Expression space_body();
  Expression plain_characters_body();
  Expression character() { return call(character_, "character", &JsonRules::character_body); }
  Expression space() { return call(space_, "space", &JsonRules::space_body); }
  Expression digits(uint32_t least, uint32_t most);
  Expression between(uint64_t least, uint64_t most);
  Expression between(std::string_view least, std::string_view most);
  Expression name_but(std::span<const std::u32string> names, size_t depth);

  Grammar& grammar_;
  Rule value_, object_, array_, string_, number_, character_, space_, plain_characters_;
};

}  // namespace rwkv
