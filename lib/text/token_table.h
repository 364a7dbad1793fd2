// The bytes of every token of a vocabulary.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
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
  std::string_view at(TokenId id) const;  // empty when the id has no token
  bool contains(TokenId id) const { return ranges_.contains(id); }
  size_t size() const { return size_; }  // the highest id + 1
  std::vector<Token> tokens() const;     // in no order; they look into this table

 private:
  struct Range {
    size_t begin, size;
  };
  std::string bytes_;
  std::unordered_map<TokenId, Range> ranges_;
  size_t size_ = 0;
};

}  // namespace rwkv
