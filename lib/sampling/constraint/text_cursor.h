// Goes through the text of a grammar or a regular expression.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "sampling/constraint/grammar.h"

namespace rwkv {

class TextCursor {
 public:
  explicit TextCursor(std::string_view text) : text_(text) {}

  bool at_end() const { return at_ == text_.size(); }
  // The next byte, 0 at the end.
  char peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool begins_with(std::string_view word) const { return text_.substr(at_).starts_with(word); }
  void skip(size_t n) { at_ += n; }
  bool take(char c) {
    const bool found = !at_end() && peek() == c;
    at_ += found ? 1 : 0;
    return found;
  }
  bool take(std::string_view word) {
    const bool found = begins_with(word);
    at_ += found ? word.size() : 0;
    return found;
  }
  // A character. fail()s at the end, and where the text is no UTF-8.
  char32_t take_code();
  // The code point of exactly n hexadecimal digits.
  char32_t take_hex(size_t n_digits);
  char32_t checked_code(uint64_t code) const;  // fail()s when it is no Unicode scalar value

  struct Range {
    uint32_t least, most;
  };
  // What stands behind "{": "m}", "m,}" or "m,n}".
  Range take_bounds();

  TextPlace place() const;
  // Error kUsage "line 1, column 2: MESSAGE", of where the cursor stands or of another place.
  [[noreturn]] void fail(const std::string& message) const { fail_at(place(), message); }
  [[noreturn]] static void fail_at(TextPlace place, const std::string& message);
  // The character at the cursor, for messages: "'x'" or "the end".
  std::string found() const;

 private:
  uint32_t take_number();

  std::string_view text_;
  size_t at_ = 0;
};

// Both grammars and regular expressions are no deeper nested than this.
inline constexpr size_t kMaxNesting = 200;

}  // namespace rwkv
