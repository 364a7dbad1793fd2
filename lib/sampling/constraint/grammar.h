// A language as rules: what grammars, regular expressions and schemas are made into before the automaton.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sampling/constraint/code_set.h"

namespace rwkv {

// Where something stands in a grammar's text, both counted from 1; 0: nowhere.
struct TextPlace {
  uint32_t line = 0, column = 0;
};

// Expressions are known by their numbers and may be used more than once. Rule 0 is the whole language.
class Grammar {
 public:
  using Expression = uint32_t;
  using RuleId = uint32_t;
  static constexpr uint32_t kUnlimited = UINT32_MAX;

  enum class Kind : uint8_t { kBytes, kCodes, kSequence, kChoice, kRepeat, kCall };
  struct Node {
    Kind kind;
    std::string bytes{};              // kBytes: these
    CodeSet codes{};                  // kCodes: one character of these
    std::vector<Expression> parts{};  // kSequence, kChoice, kRepeat (one)
    uint32_t least = 0, most = 0;     // kRepeat
    RuleId rule = 0;                  // kCall
    TextPlace place{};                // kCall, for messages
  };
  struct Rule {
    std::string name;
    Expression body = 0;
    bool is_defined = false;
  };

  Expression bytes(std::string_view text) { return add({.kind = Kind::kBytes, .bytes = std::string(text)}); }
  Expression codes(CodeSet set) { return add({.kind = Kind::kCodes, .codes = std::move(set)}); }
  Expression sequence(std::vector<Expression> parts);
  Expression choice(std::vector<Expression> parts);  // of nothing: no text at all
  Expression repeat(Expression part, uint32_t least, uint32_t most = kUnlimited);
  Expression optional(Expression part) { return repeat(part, 0, 1); }
  Expression call(RuleId rule, TextPlace place = {});
  Expression nothing() { return bytes(""); }

  RuleId add_rule(std::string name);
  void define(RuleId rule, Expression body) {
    rules_[rule].body = body;
    rules_[rule].is_defined = true;
  }

  const std::vector<Rule>& rules() const { return rules_; }
  std::vector<Rule>& rules() { return rules_; }
  const Node& at(Expression e) const { return nodes_[e]; }

 private:
  Expression add(Node node);

  std::vector<Node> nodes_;
  std::vector<Rule> rules_;
};

}  // namespace rwkv
