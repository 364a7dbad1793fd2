#include "text/escape.h"

#include <algorithm>
#include <charconv>

#include "core/error.h"
#include "core/printable.h"
#include "text/unicode.h"
#include "text/utf8.h"

namespace rwkv {
namespace {

constexpr std::string_view kPlain = "\n\r\t\\", kLetters = "nrt\\";

void append_escaped(char byte, std::string& text) {
  constexpr char kHex[] = "0123456789abcdef";
  text += '\\';
  if (const size_t i = kPlain.find(byte); i != std::string_view::npos) {
    text += kLetters[i];
  } else {
    const auto value = static_cast<unsigned char>(byte);
    text += {'x', kHex[value >> 4], kHex[value & 15]};
  }
}

}  // namespace

std::string escape_bytes(std::string_view bytes) {
  std::string text;
  while (!bytes.empty()) {
    const Utf8Step step = utf8_step(bytes);
    const auto part = bytes.substr(0, step.bytes);
    if (step.kind == Utf8Step::kCharacter && step.code != '\\' && is_visible(step.code)) {
      text += part;
    } else {
      for (const char byte : part) append_escaped(byte, text);
    }
    bytes.remove_prefix(step.bytes);
  }
  return text;
}

std::string unescape_bytes(std::string_view text) {
  std::string bytes;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      bytes += text[i];
      continue;
    }
    const std::string_view code = text.substr(i + 1, 1);
    const size_t letter = code.empty() ? std::string_view::npos : kLetters.find(code[0]);
    unsigned value = 0;
    const std::string_view hex = text.substr(std::min(i + 2, text.size()), 2);
    if (letter != std::string_view::npos) {
      bytes += kPlain[letter];
      ++i;
    } else if (code == "x" && hex.size() == 2 &&
               std::from_chars(hex.data(), hex.data() + 2, value, 16).ptr == hex.data() + 2) {
      bytes += static_cast<char>(value);
      i += 3;
    } else {
      throw Error(ErrorKind::kUsage,
                  "'\\" + printable(code) + "' is no escape, want \\n, \\r, \\t, \\\\ or \\xHH");
    }
  }
  return bytes;
}

}  // namespace rwkv
