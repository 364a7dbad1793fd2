// GPT-2's printable characters for bytes, in which byte-level BPE vocabularies spell their tokens.
#pragma once
#include <array>
#include <string>
#include <string_view>

namespace rwkv {

// Bytes 21-7e, a1-ac and ae-ff stand for themselves; the other 68, in rising order, are U+0100 ... U+0143.
class ByteAlphabet {
 public:
  ByteAlphabet();
  std::string character_of(unsigned char byte) const;  // in UTF-8
  // The bytes that `text` (valid UTF-8) spells; `text` itself when it has a character outside the
  // alphabet.
  std::string bytes_of(std::string_view text) const;

 private:
  std::array<char32_t, 256> codes_{};
  std::array<int, 0x144> bytes_;  // -1: no byte
};

}  // namespace rwkv
