// Remembers the ids of short pieces of text.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string_view>

#include "core/token.h"

namespace rwkv {

// A table of fixed size in which a new piece replaces an older one: words repeat so often that nearly all
// pieces are found. About 650 KB of memory, of which the system provides what is used.
class PieceCache {
 public:
  static constexpr size_t kMaxBytes = 15, kMaxIds = 5;

  // The packed piece of 1 to kMaxBytes bytes. Equal keys mean equal pieces.
  struct Key {
    uint64_t low = 0, high = 0;
    bool operator==(const Key&) const = default;
  };
  static Key key_of(std::string_view piece) {
    Key key;
    char bytes[16] = {};
    std::memcpy(bytes, piece.data(), piece.size());
    bytes[15] = static_cast<char>(piece.size());
    std::memcpy(&key, bytes, sizeof key);
    return key;
  }

  // Empty when the piece is not in the table.
  std::span<const TokenId> find(const Key& key) const {
    const Entry& entry = entries_[index_of(key)];
    return entry.key == key ? std::span(entry.ids.data(), entry.n_ids) : std::span<const TokenId>();
  }
  // Keeps the ids if they are 1 to kMaxIds.
  void put(const Key& key, std::span<const TokenId> ids) {
    if (ids.size() > kMaxIds) return;
    Entry& entry = entries_[index_of(key)];
    entry.key = key;
    entry.n_ids = static_cast<uint32_t>(ids.size());
    std::copy(ids.begin(), ids.end(), entry.ids.begin());
  }

 private:
  static constexpr unsigned kIndexBits = 14;
  struct Entry {
    Key key;  // all zero: empty (the length of a piece is never zero)
    uint32_t n_ids;
    std::array<TokenId, kMaxIds> ids;
  };
  struct Free {
    void operator()(Entry* entries) const { std::free(entries); }
  };

  static size_t index_of(const Key& key) {
    const uint64_t mixed = (key.low ^ (key.high * 0x9e3779b97f4a7c15u)) * 0xff51afd7ed558ccdu;
    return static_cast<size_t>((mixed ^ mixed >> 29) * 0x9e3779b97f4a7c15u >> (64 - kIndexBits));
  }

  static Entry* new_entries() {
    void* memory = std::calloc(size_t{1} << kIndexBits, sizeof(Entry));
    if (memory == nullptr) throw std::bad_alloc();
    return static_cast<Entry*>(memory);
  }

  std::unique_ptr<Entry[], Free> entries_{new_entries()};
};

}  // namespace rwkv
