// The tokens of a vocabulary by their bytes.
#pragma once
#include <bitset>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/token.h"

namespace rwkv {

// A trie as one array: each node precedes all nodes below it, so a walk reads memory in order and skips the
// subtrees that it does not need. Immutable.
class TokenTrie {
 public:
  struct Node {
    uint32_t end;          // behind the last node below it
    uint32_t first_token;  // its own are those up to the next node's
    uint16_t depth;        // from 1 on
    uint8_t byte;          // its last
  };

  // `bytes_of` returns the bytes of an id below n_ids. Ids without bytes, and the end of text, are in no
  // text, whatever bytes they have. Error kFormat: a token of more than 65,535 bytes, or too many.
  TokenTrie(size_t n_ids, const std::function<std::string_view(TokenId)>& bytes_of);

  size_t n_nodes() const { return nodes_.size() - 1; }
  const Node& node(size_t i) const { return nodes_[i]; }
  std::span<const TokenId> tokens(size_t node) const {
    return std::span(tokens_).subspan(nodes_[node].first_token,
                                      nodes_[node + 1].first_token - nodes_[node].first_token);
  }
  bool has_children(size_t node) const { return nodes_[node].end > node + 1; }
  size_t n_ids() const { return starts_.size() - 1; }
  size_t longest() const { return longest_; }  // token, in bytes
  // Empty for those that are no part of a text.
  std::string_view bytes_of(TokenId id) const {
    return std::string_view(bytes_).substr(starts_[id], starts_[id + 1] - starts_[id]);
  }
  // Bytes that are a token by themselves.
  const std::bitset<256>& single_bytes() const { return single_bytes_; }

 private:
  void build();

  std::string bytes_;             // of all ids, in their order
  std::vector<uint32_t> starts_;  // in bytes_
  std::vector<TokenId> tokens_;   // in the order of their bytes
  std::vector<Node> nodes_;       // and one behind them
  size_t longest_ = 0;
  std::bitset<256> single_bytes_;
};

}  // namespace rwkv
