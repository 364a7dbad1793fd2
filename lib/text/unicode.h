// What Unicode says of characters: classes and normal forms.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace rwkv {

// Whitespace is the property White_Space, letters are category L, numbers category N.
enum class CharClass : uint8_t { kSpace, kLetter, kNumber, kOther };
CharClass wide_char_class(char32_t code);  // from U+0080 on
constexpr CharClass char_class(char32_t code) {
  if (code >= 0x80) return wide_char_class(code);
  if (code == ' ' || (code >= '\t' && code <= '\r')) return CharClass::kSpace;
  if ((code | 0x20) >= 'a' && (code | 0x20) <= 'z') return CharClass::kLetter;
  return code >= '0' && code <= '9' ? CharClass::kNumber : CharClass::kOther;
}

// Whether a character shows by itself where it stands: no control, format or unassigned character, no white
// space but U+0020.
bool is_visible(char32_t code);

// How a text is normalised before it is cut.
enum class Normalization : uint8_t { kNone, kNfc, kNfkc };

// Whether a text, valid UTF-8, can be told at a glance to be in normal form C and to stay so whatever stands
// around: it has no marks and nothing else that decomposes or combines. False says nothing.
bool is_plainly_nfc(std::string_view text);
// The text in normal form C. It must be valid UTF-8. Takes linear time, however many marks a character has.
std::string nfc(std::string_view text);
// The text, valid UTF-8, in normal form KC; linear time, too.
std::string nfkc(std::string_view text);

// Whether a text, valid UTF-8, can be told at a glance to stay as it is, whatever stands around. False says
// nothing.
bool is_plainly_normal(std::string_view text, Normalization form);
std::string normalized(std::string_view text, Normalization form);

}  // namespace rwkv
