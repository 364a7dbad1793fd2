// Grammars in GBNF.
#pragma once
#include <string_view>

#include "sampling/constraint/grammar.h"

namespace rwkv {

// llama.cpp's dialect, its rule "root" as rule 0. Rules are "name ::= alternatives"; an alternative is a
// sequence of "literals", [classes], [^classes], the names of rules, "." for any character and (groups), each
// perhaps with ?, *, +, {m}, {m,} or {m,n}; # begins a comment. Escapes: \n \r \t \\ \" \[ \] \- \^ \xHH
// \uHHHH \UHHHHHHHH. Error kUsage with line and column: what is not so, a rule that is missing or there
// twice, and llama.cpp's references to tokens.
Grammar parse_gbnf(std::string_view text);

}  // namespace rwkv
