// Byte pair encoding: which neighbours merge, and in which order.
#pragma once
#include <cstdint>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "core/token.h"

namespace rwkv {

class BpeMerges {
 public:
  void reserve(size_t n_merges) { merges_.reserve(n_merges); }
  // The next merge: later ones yield to earlier ones. A pair that comes again takes its last place.
  void add(TokenId left, TokenId right, TokenId merged);
  // Merges the neighbours of lowest rank, the leftmost on ties, until no two of `ids` merge. Takes
  // n log n time for n ids.
  void apply(std::vector<TokenId>& ids) const;

 private:
  struct Merge {
    uint32_t rank;
    TokenId merged;
  };
  class Run;
  void apply_short(std::vector<TokenId>& ids) const;
  const Merge* find(TokenId left, TokenId right) const;

  boost::unordered_flat_map<uint64_t, Merge> merges_;  // by both ids
  uint32_t n_added_ = 0;
};

}  // namespace rwkv
