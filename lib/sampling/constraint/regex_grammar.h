// Regular expressions as grammars.
#pragma once
#include <functional>
#include <string_view>

#include "sampling/constraint/grammar.h"

namespace rwkv {

struct RegexOptions {
  bool is_searched_for = false;  // the text has it somewhere; else all of the text is it
  // What one character of a set is in the text; itself when this is empty.
  std::function<Grammar::Expression(Grammar&, const CodeSet&)> character{};
};

// A regular expression over characters: literals, ".", [classes] and [^classes] with ranges, \d \w \s and
// their opposites (of ASCII), \n \r \t \f \v \0 \xHH \uHHHH, (groups), (?:groups) and
// (?<name>groups), |, and ?, *, +, {m}, {m,}, {m,n}, each perhaps with a ? behind it, which changes nothing
// here. "." is any character but line breaks. ^ and $ are known at the ends of the whole, or of its
// alternatives. Error kUsage with line and column: what is not so, among it \b, look-around, backreferences
// and \p.
Grammar::Expression parse_regex(std::string_view text, const RegexOptions& options, Grammar& grammar);

}  // namespace rwkv
