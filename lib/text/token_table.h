// The bytes of every token of a vocabulary.
#pragma once
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "core/token.h"

namespace rwkv {

// Owns the bytes. Its memory grows with the tokens, not with their ids.
class TokenTable {
 public:
  struct Token {
    std::string_view bytes;
    TokenId id;
  };

  // Error kFormat: an id above 2^24, or one that has a token already.
  void add(uint64_t id, std::string_view bytes);
  // Empty when the id has no token.
  std::string_view at(TokenId id) const {
    const Range* range = find(id);
    return range == nullptr ? std::string_view()
                            : std::string_view(bytes_.data() + range->begin, range->size);
  }
  bool contains(TokenId id) const { return find(id) != nullptr; }
  size_t size() const { return size_; }  // the highest id + 1
  std::vector<Token> tokens() const;     // by rising id; they look into this table

 private:
  struct Range {
    uint32_t begin = 0, size = kNoToken;
  };
  static constexpr uint32_t kNoToken = std::numeric_limits<uint32_t>::max();
  static constexpr size_t kPage = 256;  // ids

  const Range* find(TokenId id) const {
    if (id >= size_ || pages_[id / kPage] == 0) return nullptr;
    const Range& range = ranges_[(pages_[id / kPage] - 1) * kPage + id % kPage];
    return range.size == kNoToken ? nullptr : &range;
  }

  std::string bytes_;
  std::vector<uint32_t> pages_;  // of ids: which page of ranges_ they have, counted from 1; 0: none
  std::vector<Range> ranges_;
  size_t size_ = 0;
};

}  // namespace rwkv
