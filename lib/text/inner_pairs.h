// The pairs of neighbouring bytes inside tokens.
#pragma once
#include <bitset>
#include <string_view>

namespace rwkv {

// Between two bytes that are neighbours in no token, a token always ends.
class InnerPairs {
 public:
  void add(std::string_view token) {
    for (size_t i = 1; i < token.size(); ++i) pairs_[index(token[i - 1], token[i])] = true;
  }
  bool contains(char left, char right) const { return pairs_[index(left, right)]; }

 private:
  static size_t index(char left, char right) {
    return static_cast<size_t>(static_cast<unsigned char>(left)) << 8 | static_cast<unsigned char>(right);
  }
  std::bitset<1 << 16> pairs_;
};

}  // namespace rwkv
