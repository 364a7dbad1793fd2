// Byte pair encoding: which neighbours merge, in which order.
#pragma once
#include <cstdint>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/token.h"

namespace rwkv {

class BpeMerges {
 public:
  void reserve(size_t n_merges) { merges_.reserve(n_merges); }
  // Adds a merge of lower priority than all before. A repeated pair keeps only its last rank.
  void add(TokenId left, TokenId right, TokenId merged);
  // Merges the neighbours of lowest rank, the leftmost on ties, until no two ids merge. Takes n log n time
  // for n ids.
  void apply(std::vector<TokenId>& ids) const;

 private:
  struct Merge {
    uint32_t rank;
    TokenId merged;
  };
  class Run;
  void apply_short(std::vector<TokenId>& ids) const;
  const Merge* find(TokenId left, TokenId right) const;

  boost::unordered_flat_map<uint64_t, Merge> merges_;  // key: both ids
  uint32_t n_added_ = 0;
};

}  // namespace rwkv
