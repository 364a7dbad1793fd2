#include "text/utf8.h"

#include <algorithm>
#include <cstring>

namespace rwkv {
namespace {

unsigned char byte_at(std::string_view text, size_t i) { return static_cast<unsigned char>(text[i]); }
bool is_continuation(unsigned char c) { return (c & 0xc0) == 0x80; }

uint8_t length_from(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead < 0xc2 || lead > 0xf4) return 0;
  return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

// Keeps out overlong forms, surrogates and what lies beyond U+10FFFF.
bool second_byte_fits(unsigned char lead, unsigned char second) {
  const unsigned char low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
  const unsigned char high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
  return second >= low && second <= high;
}

}  // namespace

Utf8Step utf8_step(std::string_view text) {
  const unsigned char lead = byte_at(text, 0);
  const uint8_t length = length_from(lead);
  if (length == 0) return {Utf8Step::kInvalid, 1, 0};
  if (length == 1) return {Utf8Step::kCharacter, 1, lead};
  char32_t code = lead & (0x7fu >> length);
  for (uint8_t i = 1; i < length; ++i) {
    if (i == text.size()) return {Utf8Step::kTruncated, i, 0};
    const unsigned char c = byte_at(text, i);
    if (i == 1 ? !second_byte_fits(lead, c) : !is_continuation(c)) return {Utf8Step::kInvalid, i, 0};
    code = code << 6 | (c & 0x3f);
  }
  return {Utf8Step::kCharacter, length, code};
}

void append_utf8(char32_t code, std::string& text) {
  const auto add = [&](char32_t byte) { text += static_cast<char>(byte); };
  if (code < 0x80) return add(code);
  if (code < 0x800) {
    add(0xc0 | code >> 6);
  } else {
    if (code < 0x10000) {
      add(0xe0 | code >> 12);
    } else {
      add(0xf0 | code >> 18);
      add(0x80 | (code >> 12 & 0x3f));
    }
    add(0x80 | (code >> 6 & 0x3f));
  }
  add(0x80 | (code & 0x3f));
}

size_t ascii_bytes(std::string_view text) {
  size_t at = 0;
  for (uint64_t word; at + sizeof word <= text.size(); at += sizeof word) {
    std::memcpy(&word, text.data() + at, sizeof word);
    if ((word & 0x8080808080808080u) != 0) break;
  }
  while (at < text.size() && byte_at(text, at) < 0x80) ++at;
  return at;
}

size_t find_invalid_utf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    if (byte_at(text, at) < 0x80) {
      at += ascii_bytes(text.substr(at));
      continue;
    }
    const Utf8Step step = utf8_step(text.substr(at));
    if (step.kind != Utf8Step::kCharacter) return at;
    at += step.bytes;
  }
  return std::string_view::npos;
}

std::string replace_invalid_utf8(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const Utf8Step step = utf8_step(text);
    result += step.kind == Utf8Step::kCharacter ? text.substr(0, step.bytes) : "\uFFFD";
    text.remove_prefix(step.bytes);
  }
  return result;
}

size_t truncated_utf8_bytes(std::string_view text) {
  const size_t longest = std::min<size_t>(3, text.size());
  for (size_t n = 1; n <= longest; ++n) {
    const auto tail = text.substr(text.size() - n);
    if (!is_continuation(byte_at(tail, 0))) return utf8_step(tail).kind == Utf8Step::kTruncated ? n : 0;
  }
  return 0;
}

}  // namespace rwkv
