#include "text/byte_alphabet.h"

#include <gtest/gtest.h>

#include <set>

namespace rwkv {
namespace {

TEST(ByteAlphabet, EveryByteGoesThereAndBack) {
  const ByteAlphabet alphabet;
  std::set<std::string> seen;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string character = alphabet.character_of(static_cast<unsigned char>(byte));
    EXPECT_EQ(alphabet.bytes_of(character), std::string(1, static_cast<char>(byte)));
    EXPECT_TRUE(seen.insert(character).second);
  }
}

TEST(ByteAlphabet, HasGpt2sCharacters) {
  const ByteAlphabet alphabet;
  EXPECT_EQ(alphabet.character_of(' '), "\u0120");
  EXPECT_EQ(alphabet.character_of('\n'), "\u010a");
  EXPECT_EQ(alphabet.character_of(0xad), "\u0143");
  EXPECT_EQ(alphabet.character_of('!'), "!");
  EXPECT_EQ(alphabet.bytes_of("\u0120the"), " the");
  EXPECT_EQ(alphabet.bytes_of("a b\u4e2d"), "a b\u4e2d");  // not of the alphabet: itself
}

}  // namespace
}  // namespace rwkv
