// UTF-8, byte by byte.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace rwkv {

// What a text begins with: a character, or the maximal part of one (Unicode chapter 3.9: what one U+FFFD
// stands for). kTruncated is a part that only the end of the text cuts short.
struct Utf8Step {
  enum Kind : uint8_t { kCharacter, kInvalid, kTruncated } kind;
  uint8_t bytes;
  char32_t code;  // of a kCharacter
};
Utf8Step utf8_step(std::string_view text);  // not empty

void append_utf8(char32_t code, std::string& text);  // code is a Unicode scalar value
bool is_valid_utf8(std::string_view text);
// Puts U+FFFD for every maximal part of a character.
std::string replace_invalid_utf8(std::string_view text);
// How many bytes at the end begin a character that more text could complete: 0 to 3.
size_t truncated_utf8_bytes(std::string_view text);

}  // namespace rwkv
