#include "sampling/constraint/text_cursor.h"

#include "core/error.h"
#include "core/printable.h"
#include "text/utf8.h"

namespace rwkv {
namespace {

constexpr uint32_t kMaxBound = 10'000;

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 16;
}

}  // namespace

char32_t TextCursor::take_code() {
  if (at_end()) fail("the text ends too early");
  const Utf8Step step = utf8_step(text_.substr(at_));
  if (step.kind != Utf8Step::kCharacter) fail("bytes that are no UTF-8");
  at_ += step.bytes;
  return step.code;
}

char32_t TextCursor::checked_code(uint64_t code) const {
  if (!is_scalar_value(code)) fail("no Unicode character has this number");
  return static_cast<char32_t>(code);
}

char32_t TextCursor::take_hex(size_t n_digits) {
  uint64_t code = 0;
  for (size_t i = 0; i < n_digits; ++i) {
    const int digit = digit_of(peek());
    if (digit > 15) fail("want " + std::to_string(n_digits) + " hexadecimal digits, found " + found());
    code = code * 16 + static_cast<uint64_t>(digit);
    skip(1);
  }
  return checked_code(code);
}

uint32_t TextCursor::take_number() {
  uint32_t number = 0;
  if (digit_of(peek()) > 9) fail("want a number, found " + found());
  for (; digit_of(peek()) <= 9; skip(1)) {
    number = number * 10 + static_cast<uint32_t>(digit_of(peek()));
    if (number > kMaxBound) fail("more than " + std::to_string(kMaxBound) + " repetitions");
  }
  return number;
}

TextCursor::Range TextCursor::take_bounds() {
  Range range{take_number(), 0};
  range.most = range.least;
  if (take(',')) range.most = peek() == '}' ? Grammar::kUnlimited : take_number();
  if (!take('}')) fail("want }, found " + found());
  if (range.most < range.least)
    fail("a repetition of at least " + std::to_string(range.least) + " and at most " +
         std::to_string(range.most) + " times");
  return range;
}

TextPlace TextCursor::place() const {
  TextPlace place{1, 1};
  for (const char c : text_.substr(0, at_)) {
    if (c == '\n') {
      ++place.line;
      place.column = 1;
    } else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) {
      ++place.column;
    }
  }
  return place;
}

void TextCursor::fail_at(TextPlace place, const std::string& message) {
  throw Error(ErrorKind::kUsage, "line " + std::to_string(place.line) + ", column " +
                                     std::to_string(place.column) + ": " + message);
}

std::string TextCursor::found() const {
  if (at_end()) return "the end";
  if (peek() == '\n') return "the end of the line";
  const Utf8Step step = utf8_step(text_.substr(at_));
  return "'" + printable(text_.substr(at_, step.bytes)) + "'";
}

}  // namespace rwkv
