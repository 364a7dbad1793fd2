// FNV-1a, 64 bits (Fowler, Noll and Vo): not for security, attackers can find collisions.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace rwkv {

class Hash {
 public:
  void add(std::span<const std::byte> bytes) {
    for (const std::byte b : bytes) value_ = (value_ ^ static_cast<uint64_t>(b)) * 0x100000001B3;
  }
  void add(std::string_view text) {
    add(std::as_bytes(std::span(text)));
    add(uint64_t{text.size()});
  }
  void add(uint64_t number) { add(std::as_bytes(std::span(&number, 1))); }

  std::string digits() const {  // 16 hexadecimal digits
    std::string text;
    for (int shift = 60; shift >= 0; shift -= 4) text += "0123456789abcdef"[value_ >> shift & 15];
    return text;
  }

 private:
  uint64_t value_ = 0xCBF29CE484222325;
};

}  // namespace rwkv
