#include "text/python_literal.h"

#include <charconv>
#include <optional>

#include "core/error.h"
#include "text/unicode.h"
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

  static LiteralParser of_bytes_inside(std::string_view inside) {
    LiteralParser parser("b''");
    parser.quote_.reset();
    parser.rest_ = inside;
    return parser;
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
      if (!quote_) continue;
      if (rest_[n] == *quote_) fail("a quote inside");
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
    if (is_bytes_ ? value > 0xff : !is_scalar_value(value)) fail("an escape out of range");
    if (is_bytes_) {
      bytes_ += static_cast<char>(value);
    } else {
      append_utf8(value, bytes_);
    }
  }

  bool is_bytes_;
  std::optional<char> quote_;  // none: quotes and bytes above 0x7f stand for themselves
  std::string_view rest_;
  std::string bytes_;
};

// In bytes as in text; `quote` is escaped, and all that is neither visible nor, with `is_text`, beyond ASCII.
std::string escape_for_python(std::string_view bytes, char quote, bool is_text) {
  constexpr char kHex[] = "0123456789abcdef";
  constexpr std::string_view kEscaped = "\n\r\t\\", kLetters = "nrt\\";
  std::string text;
  for (const char c : bytes) {
    const auto value = static_cast<unsigned char>(c);
    if (const size_t i = kEscaped.find(c); i != std::string_view::npos) {
      text += {'\\', kLetters[i]};
    } else if (c == quote) {
      text += {'\\', c};
    } else if (value < 0x80 ? value >= ' ' && value != 0x7f : is_text) {
      text += c;
    } else {
      text += {'\\', 'x', kHex[value >> 4], kHex[value & 15]};
    }
  }
  return text;
}

bool is_visible_text(std::string_view bytes) {
  while (!bytes.empty()) {
    const Utf8Step step = utf8_step(bytes);
    if (step.kind != Utf8Step::kCharacter || (step.code >= 0x80 && !is_visible(step.code))) return false;
    bytes.remove_prefix(step.bytes);
  }
  return true;
}

}  // namespace

std::string parse_python_literal(std::string_view literal) { return LiteralParser(literal).run(); }

std::string to_python_literal(std::string_view bytes) {
  const bool is_text = is_visible_text(bytes);
  return (is_text ? "'" : "b'") + escape_for_python(bytes, '\'', is_text) + "'";
}

std::string parse_bytes_inside(std::string_view inside) {
  return LiteralParser::of_bytes_inside(inside).run();
}

std::string to_bytes_inside(std::string_view bytes) {
  const bool has_both = bytes.find('\'') != bytes.npos && bytes.find('"') != bytes.npos;
  return escape_for_python(bytes, has_both ? '\'' : '\\', false);
}

}  // namespace rwkv
