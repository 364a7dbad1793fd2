// Finds the longest token at a place in a text.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "text/token_table.h"

namespace rwkv {

// A trie as a double array (Aoe 1989; children found by XOR as in Yata's Darts-clone): one load for each
// byte.
class ByteTrie {
 public:
  struct Match {
    TokenId id = 0;
    size_t bytes = 0;     // 0: no token matches
    bool is_cut = false;  // the text ends where a longer token could continue
  };

  // Error kFormat: an empty token, or one that occurs twice.
  explicit ByteTrie(const TokenTable& tokens);

  Match longest(std::string_view text) const {
    Match best;
    const uint64_t* units = units_.data();
    uint64_t unit = units[0];
    for (size_t depth = 0; depth < text.size();) {
      const auto c = static_cast<unsigned char>(text[depth]);
      unit = units[base_of(unit) ^ c];
      if (label_of(unit) != c) return best;
      ++depth;
      if ((unit & kHasToken) != 0) best = {id_of(unit), depth, false};
    }
    best.is_cut = base_of(unit) != 0;
    return best;
  }
  bool begins_token(char c) const {
    const auto byte = static_cast<unsigned char>(c);
    return label_of(units_[base_of(units_[0]) ^ byte]) == byte;
  }

 private:
  // A node, from the lowest bit: its token's id (24 bits), the byte that leads to it (9: kNoLabel for a free
  // place), whether it has a token, and the base (30 bits): the child for byte c is at base ^ c. No two nodes
  // share a base except 0, the base of nodes without children.
  static constexpr uint64_t kHasToken = uint64_t{1} << 33, kNoLabel = 256;
  static uint64_t base_of(uint64_t unit) { return unit >> 34; }
  static uint64_t label_of(uint64_t unit) { return unit >> 24 & 0x1ff; }
  static TokenId id_of(uint64_t unit) { return static_cast<TokenId>(unit & 0xffffff); }

  class Build;
  std::vector<uint64_t> units_;
};

}  // namespace rwkv
