// The bytes of every token of a vocabulary.
#pragma once
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "core/token.h"

namespace rwkv {

// Owns the bytes. Memory grows with the tokens, not with the largest id.
class TokenTable {
 public:
  // Reserves memory for so many bytes and ids: only addresses, until the memory is used.
  void reserve(size_t n_bytes, size_t n_ids);
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
  size_t n_tokens() const { return n_tokens_; }
  // Calls visit(bytes, id) for every token, by rising id.
  template <class Visit>
  void for_each(Visit&& visit) const {
    for (size_t id = 0; id < size_; ++id) {
      if (pages_[id / kPage] == 0) {
        id += kPage - 1;
      } else if (const Range* range = find(static_cast<TokenId>(id))) {
        visit(std::string_view(bytes_.data() + range->begin, range->size), static_cast<TokenId>(id));
      }
    }
  }

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
  std::vector<uint32_t> pages_;  // for each page of ids its page in ranges_, counted from 1; 0: none
  std::vector<Range> ranges_;
  size_t size_ = 0, n_tokens_ = 0;
};

}  // namespace rwkv
