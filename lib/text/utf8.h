// UTF-8, byte by byte.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace rwkv {

// The beginning of a text: a character, or the maximal part of one (Unicode chapter 3.9; one U+FFFD replaces
// it). kTruncated is a part that more text could complete.
struct Utf8Step {
  enum Kind : uint8_t { kCharacter, kInvalid, kTruncated } kind;
  uint8_t bytes;
  char32_t code;  // of a kCharacter
};
Utf8Step utf8_step(std::string_view text);  // text is not empty

// The same for valid text: faster.
inline Utf8Step valid_utf8_step(std::string_view text) {
  const auto at = [&](size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(text[i])); };
  const auto low = [&](size_t i) { return at(i) & 0x3f; };
  if (at(0) < 0x80) return {Utf8Step::kCharacter, 1, at(0)};
  if (at(0) < 0xe0) return {Utf8Step::kCharacter, 2, (at(0) & 0x1f) << 6 | low(1)};
  if (at(0) < 0xf0) return {Utf8Step::kCharacter, 3, (at(0) & 0x0f) << 12 | low(1) << 6 | low(2)};
  return {Utf8Step::kCharacter, 4, (at(0) & 0x07) << 18 | low(1) << 12 | low(2) << 6 | low(3)};
}

// The number of ASCII bytes at the beginning of the text.
size_t ascii_bytes(std::string_view text);
// The place of the first byte outside a whole character; npos when there is none.
size_t find_invalid_utf8(std::string_view text);
// Whether a number is that of a character: surrogates are none.
constexpr bool is_scalar_value(uint64_t code) {
  return code <= 0x10ffff && (code < 0xd800 || code >= 0xe000);
}
void append_utf8(char32_t code, std::string& text);  // code is a Unicode scalar value
inline bool is_valid_utf8(std::string_view text) { return find_invalid_utf8(text) == std::string_view::npos; }
// Replaces every maximal part of a character by U+FFFD.
std::string replace_invalid_utf8(std::string_view text);
// The number of bytes at the end that begin a character: 0 to 3.
size_t truncated_utf8_bytes(std::string_view text);

}  // namespace rwkv
