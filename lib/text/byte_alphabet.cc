#include "text/byte_alphabet.h"

#include "text/utf8.h"

namespace rwkv {

ByteAlphabet::ByteAlphabet() {
  bytes_.fill(-1);
  char32_t next_free = 0x100;
  for (unsigned byte = 0; byte < 256; ++byte) {
    const bool itself = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte != 0xad);
    codes_[byte] = itself ? byte : next_free++;
    bytes_[codes_[byte]] = static_cast<int>(byte);
  }
}

std::string ByteAlphabet::character_of(unsigned char byte) const {
  std::string text;
  append_utf8(codes_[byte], text);
  return text;
}

std::string ByteAlphabet::bytes_of(std::string_view text) const {
  std::string bytes;
  for (size_t at = 0; at < text.size();) {
    const Utf8Step step = valid_utf8_step(text.substr(at));
    const int byte = step.code < bytes_.size() ? bytes_[step.code] : -1;
    if (byte < 0) return std::string(text);
    bytes += static_cast<char>(byte);
    at += step.bytes;
  }
  return bytes;
}

}  // namespace rwkv
