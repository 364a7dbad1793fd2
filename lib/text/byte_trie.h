// Finds the longest token at a place of a text.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "text/token_table.h"

namespace rwkv {

// A trie in flat arrays. The children of a node are neighbours, sorted by their byte.
class ByteTrie {
 public:
  struct Match {
    TokenId id;
    size_t bytes;  // 0: no token matches
  };

  // Error kFormat: an empty token, or one that occurs twice.
  explicit ByteTrie(std::vector<TokenTable::Token> tokens);

  Match longest(std::string_view text) const;
  bool begins_token(char c) const { return root_[static_cast<unsigned char>(c)] != 0; }
  size_t longest_token_bytes() const { return longest_token_bytes_; }

 private:
  struct Node {
    uint32_t first_child = 0;
    uint16_t n_children = 0;
    bool has_token = false;
    TokenId id = 0;
  };
  struct Build;
  uint32_t child(const Node& node, char c) const;  // 0 when there is none: the root is nobody's child

  std::vector<Node> nodes_;
  std::vector<char> labels_;  // the byte that leads to each node
  std::array<uint32_t, 256> root_{};
  size_t longest_token_bytes_ = 0;
};

}  // namespace rwkv
