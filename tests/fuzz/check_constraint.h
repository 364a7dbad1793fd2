// What every constraint keeps, whatever its text.
#pragma once
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "core/error.h"
#include "sampling/constraint/constraints.h"

namespace rwkv {

// The first byte seeds the ids that are drawn; the rest is the text of a language: an Error, or a constraint
// under which some id may always follow.
inline void check_constraint(Language language, std::string_view input) {
  static const auto tokens = [] {
    std::vector<std::string> all{""};
    for (int c = 0; c < 256; ++c) all.emplace_back(1, static_cast<char>(c));
    for (const char* word : {"\"a\"", "{\"", "\": ", "true", "12", "ab", "\xC3\xA9", "]}", ", \""})
      all.emplace_back(word);
    return all;
  }();
  static const auto trie = std::make_shared<const TokenTrie>(
      tokens.size(), [](TokenId id) { return std::string_view(tokens[id]); });
  if (input.empty()) return;
  auto random = static_cast<uint32_t>(static_cast<unsigned char>(input[0]));
  try {
    const Constraint constraint(parse_constraint({language, std::string(input.substr(1)), {}}), trie, "");
    ConstraintState state;
    for (int n = 0; n < 24; ++n) {
      std::vector<float> logits(tokens.size(), 0);
      constraint.forbid(logits, state);
      std::vector<TokenId> allowed;
      for (TokenId id = 0; id < logits.size(); ++id) {
        if (logits[id] == 0) allowed.push_back(id);
      }
      if (allowed.empty() || (allowed[0] == 0) != constraint.is_complete(state)) __builtin_trap();
      random = random * 1664525 + 1013904223;
      const TokenId id = allowed[(random >> 8) % allowed.size()];
      if (id == 0) break;
      constraint.advance(id, state);
    }
  } catch (const Error&) {
  }
}

}  // namespace rwkv
