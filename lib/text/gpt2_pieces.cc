#include "text/gpt2_pieces.h"

#include <array>

#include "text/unicode.h"
#include "text/utf8.h"

namespace rwkv {
namespace {

size_t contraction_bytes(std::string_view text) {
  if (text[0] != '\'') return 0;
  for (const std::string_view ending : {"'s", "'t", "'re", "'ve", "'m", "'ll", "'d"}) {
    if (text.starts_with(ending)) return ending.size();
  }
  return 0;
}

constexpr auto kAsciiClasses = [] {
  std::array<CharClass, 0x80> classes{};
  for (char32_t code = 0; code < classes.size(); ++code) classes[code] = char_class(code);
  return classes;
}();

struct Char {
  size_t bytes;
  CharClass kind;
};

Char char_at(std::string_view text, size_t at) {
  if (const auto c = static_cast<unsigned char>(text[at]); c < 0x80) return {1, kAsciiClasses[c]};
  const Utf8Step step = valid_utf8_step(text.substr(at));
  return {step.bytes, char_class(step.code)};
}

// From `at` on, as long as the class stays the same. `last` becomes where the last character begins.
size_t run_end(std::string_view text, size_t at, CharClass kind, size_t& last) {
  while (at < text.size()) {
    const Char c = char_at(text, at);
    if (c.kind != kind) break;
    last = at;
    at += c.bytes;
  }
  return at;
}

}  // namespace

size_t gpt2_piece_bytes(std::string_view text) {
  if (const size_t n = contraction_bytes(text); n > 0) return n;
  size_t begin = text[0] == ' ' && text.size() > 1 ? 1 : 0, last = 0;
  CharClass kind = char_at(text, begin).kind;
  if (kind == CharClass::kSpace) begin = 0;
  const size_t end = run_end(text, begin, kind, last);
  // White space leaves its last character to what follows.
  return kind == CharClass::kSpace && end < text.size() && last > 0 ? last : end;
}

}  // namespace rwkv
