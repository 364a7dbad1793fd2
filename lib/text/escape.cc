#include "text/escape.h"

#include "text/unicode.h"
#include "text/utf8.h"

namespace rwkv {
namespace {

void append_escaped(char byte, std::string& text) {
  constexpr char kHex[] = "0123456789abcdef";
  constexpr std::string_view kPlain = "\n\r\t\\", kLetters = "nrt\\";
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

}  // namespace rwkv
