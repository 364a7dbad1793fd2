#include "text/python_literal.h"

#include <charconv>

#include "core/error.h"
#include "text/utf8.h"

namespace rwkv {
namespace {

[[noreturn]] void fail(const std::string& what) { throw Error(ErrorKind::kFormat, "literal: " + what); }

struct SimpleEscape {
  char letter, value;
};
constexpr SimpleEscape kSimpleEscapes[] = {{'n', '\n'}, {'t', '\t'}, {'r', '\r'}, {'\\', '\\'}, {'\'', '\''},
                                           {'"', '"'},  {'a', '\a'}, {'b', '\b'}, {'f', '\f'},  {'v', '\v'}};

class LiteralParser {
 public:
  explicit LiteralParser(std::string_view literal) {
    is_bytes_ = literal.starts_with('b') || literal.starts_with('B');
    if (is_bytes_) literal.remove_prefix(1);
    const bool quoted = literal.size() >= 2 && literal.front() == literal.back() &&
                        (literal.front() == '\'' || literal.front() == '"');
    if (!quoted) fail("want '...', \"...\", b'...' or b\"...\"");
    quote_ = literal.front();
    rest_ = literal.substr(1, literal.size() - 2);
  }

  std::string run() {
    while (!rest_.empty()) {
      take_plain();
      if (!rest_.empty()) take_escape();
    }
    if (!is_bytes_ && !is_valid_utf8(bytes_)) fail("not UTF-8");
    return std::move(bytes_);
  }

 private:
  void take_plain() {
    size_t n = 0;
    for (; n < rest_.size() && rest_[n] != '\\'; ++n) {
      if (rest_[n] == quote_) fail("a quote inside");
      if (is_bytes_ && static_cast<unsigned char>(rest_[n]) >= 0x80)
        fail("a byte above 0x7f, want an escape");
    }
    bytes_ += rest_.substr(0, n);
    rest_.remove_prefix(n);
  }

  void take_escape() {
    rest_.remove_prefix(1);
    if (rest_.empty()) fail("a backslash at the end");
    const char letter = rest_.front();
    if (letter >= '0' && letter <= '7') return take_number(octal_digits(), 8);
    rest_.remove_prefix(1);
    if (letter == 'x') return take_number(2, 16);
    if (letter == 'u' && !is_bytes_) return take_number(4, 16);
    if (letter == 'U' && !is_bytes_) return take_number(8, 16);
    for (const auto& escape : kSimpleEscapes) {
      if (escape.letter == letter) return void(bytes_ += escape.value);
    }
    fail("an unknown escape");
  }

  size_t octal_digits() const {
    const size_t n = rest_.substr(0, 3).find_first_not_of("01234567");
    return n == std::string_view::npos ? rest_.substr(0, 3).size() : n;
  }

  void take_number(size_t n_digits, int base) {
    const auto digits = rest_.substr(0, n_digits);
    uint32_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
    if (digits.size() != n_digits || error != std::errc() || end != digits.data() + n_digits) {
      fail("an escape with too few digits");
    }
    rest_.remove_prefix(n_digits);
    const bool is_surrogate = value >= 0xd800 && value < 0xe000;
    if (value > (is_bytes_ ? 0xff : 0x10ffff) || (!is_bytes_ && is_surrogate)) fail("an escape out of range");
    if (is_bytes_) {
      bytes_ += static_cast<char>(value);
    } else {
      append_utf8(value, bytes_);
    }
  }

  bool is_bytes_;
  char quote_;
  std::string_view rest_;
  std::string bytes_;
};

}  // namespace

std::string parse_python_literal(std::string_view literal) { return LiteralParser(literal).run(); }

}  // namespace rwkv
