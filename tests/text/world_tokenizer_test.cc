#include "text/world_tokenizer.h"

#include <gtest/gtest.h>

#include <random>

#include "core/error.h"
#include "support/error_of.h"

namespace rwkv {
namespace {

using Ids = std::vector<TokenId>;

TEST(WorldVocabulary, ReadsEveryKindOfLine) {
  const std::string lines[] = {"1 'a' 1",     "2 ' ' 1",        "3 ' b c ' 5",   R"(4 "it's" 4)",
                               R"(5 '\n' 1)", R"(6 b'\xe4' 1)", R"(7 '\xe4' 2)", "300 '\u4e2d' 3"};
  for (const std::string end : {"\n", "\r\n"}) {
    std::string file;
    for (const auto& line : lines) file += line + end;
    for (const bool final_newline : {true, false}) {
      const auto tokenizer =
          parse_world_vocabulary(final_newline ? file : file.substr(0, file.size() - end.size()));
      EXPECT_EQ(tokenizer->vocab_size(), 301u);
      EXPECT_EQ(tokenizer->kind(), "World");
      EXPECT_EQ(tokenizer->encode("a b c  it's\n\xe4\u00e4\u4e2d"), (Ids{1, 3, 2, 4, 5, 6, 7, 300}));
    }
  }
}

std::string refusal(const std::string& file) {
  return error_of([&] { parse_world_vocabulary(file); });
}

TEST(WorldVocabulary, RefusesBrokenLinesByNumber) {
  EXPECT_EQ(refusal("1 'a' 1\n2 'b' 2\n"), "line 2: the token has 1 bytes, the line says 2");
  EXPECT_EQ(refusal("1 'a' 1\n1 'b' 1\n"), "line 2: id 1 stands for two tokens");
  EXPECT_EQ(refusal("1 'a' 1\n\n2 'a' 1\n").substr(0, 4), "ids ");
  EXPECT_EQ(refusal("1 '' 0\n"), "line 1: an empty token");
  EXPECT_EQ(refusal("-1 'a' 1\n"), "line 1: the id is not a number");
  EXPECT_EQ(refusal("1 'a' 1x\n"), "line 1: the length is not a number");
  EXPECT_EQ(refusal("1 'a' 99999999999999999999999\n"), "line 1: the length is not a number");
  for (const char* bad :
       {"1", "1 'a'", "1 'a 1", "99999999 'a' 1", "4294967297 'a' 1", "1  1", "1 a 1", "\x01"}) {
    EXPECT_EQ(refusal(bad).substr(0, 8), "line 1: ") << bad;
  }
}

std::unique_ptr<const Tokenizer> byte_vocabulary(const std::string& more) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string file;
  for (unsigned byte = 0; byte < 256; ++byte) {
    file += std::to_string(byte + 1) + " b'\\x" + kHex[byte >> 4] + kHex[byte & 15] + "' 1\n";
  }
  return parse_world_vocabulary(file + more);
}

TEST(WorldTokenizer, AnyBytesComeBack) {
  const auto tokenizer = byte_vocabulary("257 'ab' 2\n258 'abab' 4\n259 '\\0\\0\\0' 3\n");
  std::mt19937 rng(1);
  for (int round = 0; round < 200; ++round) {
    std::string text(rng() % 100, '\0');
    for (char& c : text)
      c = static_cast<char>(rng() % (round % 2 == 0 ? 256 : 3) + (round % 4 == 1 ? 'a' : 0));
    EXPECT_EQ(tokenizer->decode(tokenizer->encode(text)), text);
  }
}

TEST(WorldTokenizer, NamesAByteWithoutToken) {
  const auto tokenizer = parse_world_vocabulary("1 'a' 1\n");
  EXPECT_THROW(tokenizer->encode("ab"), Error);
  EXPECT_TRUE(tokenizer->encode("").empty());
}

TEST(WorldTokenizer, PaddingHasNoBytes) {
  const auto tokenizer = parse_world_vocabulary("65529 'a' 1\n");
  EXPECT_EQ(tokenizer->vocab_size(), 65530u);
  EXPECT_EQ(tokenizer->decode(Ids{0, 65529, 65530, 65535}), "a");
  try {
    tokenizer->decode(Ids{0, 65536});
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "position 1: id 65536: want below 65530, the size of the vocabulary");
  }
}

TEST(WorldTokenizer, KnowsWhichModelsItFits) {
  const auto tokenizer = parse_world_vocabulary("65529 'a' 1\n");
  tokenizer->check_fits(65530);
  tokenizer->check_fits(65536);
  for (const size_t model : {256u, 50277u, 50304u, 65529u, 70000u}) {
    EXPECT_THROW(tokenizer->check_fits(model), Error) << model;
  }
}

TEST(LooksLikeWorldVocabulary, JudgesTheFirstLine) {
  for (const char* good : {"1 '\\x00' 1", "17 \"a\" 1", "1 b'a' 1"})
    EXPECT_TRUE(looks_like_world_vocabulary(good));
  for (const char* bad : {"", "1", "1 ", " 1 'a' 1", "{", "1 2 3", "a 'a' 1"}) {
    EXPECT_FALSE(looks_like_world_vocabulary(bad)) << bad;
  }
}

}  // namespace
}  // namespace rwkv
