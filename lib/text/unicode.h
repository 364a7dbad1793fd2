// Unicode facts about characters: classes and normal forms.
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

// Whether a character is visible by itself: no control, format or unassigned character, no white space other
// than U+0020.
bool is_visible(char32_t code);

// How a text is normalised before it is cut.
enum class Normalization : uint8_t { kNone, kNfc, kNfkc };

// A quick test whether a text, valid UTF-8, is in normal form C and stays so in any context: no marks,
// nothing else that decomposes or combines. False means unknown.
bool is_plainly_nfc(std::string_view text);
// The text, valid UTF-8, in normal form C. Takes linear time for any number of marks.
std::string nfc(std::string_view text);
// The text, valid UTF-8, in normal form KC. Takes linear time.
std::string nfkc(std::string_view text);

// A quick test whether a text, valid UTF-8, is in this form and stays so in any context. False means
// unknown.
bool is_plainly_normal(std::string_view text, Normalization form);
std::string normalized(std::string_view text, Normalization form);

}  // namespace rwkv
