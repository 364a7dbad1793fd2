#include "text/bpe_tokenizer.h"

#include <gtest/gtest.h>

#include <random>

#include "support/error_of.h"
#include "support/tokenizer_json.h"

namespace rwkv {
namespace {

using Ids = std::vector<TokenId>;

constexpr char kEnd[] = R"("content":"<|end|>","normalized":false)";

TEST(BpeTokenizer, MergesInsidePiecesOnly) {
  const auto tokenizer = Tokenizer::parse(SmallTokenizerJson{{"a b", "ab c", "\u0120 ab"}, {}}.text());
  EXPECT_EQ(tokenizer->kind(), "byte-level BPE");
  EXPECT_EQ(tokenizer->encode("abc ab a bc"), (Ids{257, 258, ' ', 'a', ' ', 'b', 'c'}));
  EXPECT_EQ(tokenizer->encode(""), Ids{});
  EXPECT_EQ(tokenizer->decode(Ids{257, 258}), "abc ab");
}

// "bc" is a token, but the merges never make it of "abc".
TEST(BpeTokenizer, WholeTokensFollowTheMergesToo) {
  const auto tokenizer = Tokenizer::parse(SmallTokenizerJson{{"a b", "b c", "a bc"}, {}}.text());
  EXPECT_EQ(tokenizer->encode("abc"), (Ids{256, 'c'}));
  EXPECT_EQ(tokenizer->encode("bc"), (Ids{257}));
}

TEST(BpeTokenizer, WholeTokensGoBeforeMergesWhenTheModelSaysSo) {
  SmallTokenizerJson json{{"a b", "b c", "a bc"}, {}};
  json.model_extra = R"(,"ignore_merges":true)";
  const auto tokenizer = Tokenizer::parse(json.text());
  EXPECT_EQ(tokenizer->encode("abc"), Ids{258});
  EXPECT_EQ(tokenizer->encode("abca"), (Ids{256, 'c', 'a'}));
}

TEST(BpeTokenizer, PiecesAreThoseOfTheFile) {
  SmallTokenizerJson json{{"1 1", "\u0120 a"}, {kEnd}};
  json.pre_tokenizer =
      R"({"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":true},{"type":"ByteLevel"}]})";
  const auto tokenizer = Tokenizer::parse(json.text());
  EXPECT_EQ(tokenizer->encode("a11<|end|>a"), (Ids{257, ' ', '1', ' ', '1', 258, 257}));
  EXPECT_EQ(tokenizer->last_cut("a b a"), 0u);  // none is known
}

TEST(BpeTokenizer, AddedTokensBeforeAndAfterNormalization) {
  const auto tokenizer = Tokenizer::parse(SmallTokenizerJson{
      {},
      {kEnd, R"("content":"e\u0301!","normalized":true)", R"("content":"  ")",
       R"("content":"   ")"}}.text());
  EXPECT_EQ(tokenizer->encode("a<|end|>b<|end"), (Ids{'a', 256, 'b', '<', '|', 'e', 'n', 'd'}));
  EXPECT_EQ(tokenizer->encode("\u00e9!e\u0301!"), (Ids{257, 257}));
  EXPECT_EQ(tokenizer->encode("a     b"), (Ids{'a', 259, 258, 'b'}));
  EXPECT_EQ(tokenizer->encode("a    b"), (Ids{'a', 259, ' ', 'b'}));
  EXPECT_EQ(tokenizer->decode(Ids{256, 257, 259}), "<|end|>e\u0301!   ");
}

TEST(BpeTokenizer, NormalizesOnlyWhenTheFileSaysSo) {
  EXPECT_EQ(Tokenizer::parse(SmallTokenizerJson{}.text())->encode("e\u0301"), (Ids{0xc3, 0xa9}));
  SmallTokenizerJson json;
  json.normalizer = "null";
  EXPECT_EQ(Tokenizer::parse(json.text())->encode("e\u0301"), (Ids{'e', 0xcc, 0x81}));
}

TEST(BpeTokenizer, InvalidUtf8BecomesReplacementCharacters) {
  const auto tokenizer = Tokenizer::parse(SmallTokenizerJson{}.text());
  EXPECT_EQ(tokenizer->encode("a\xff\xe2\x82z"), (Ids{'a', 0xef, 0xbf, 0xbd, 0xef, 0xbf, 0xbd, 'z'}));
  EXPECT_EQ(tokenizer->decode(Ids{'a', 0xe2, 0x82, 'z', 0xff}), "a\uFFFDz\uFFFD");
}

TEST(BpeTokenizer, NamesAByteWithoutToken) {
  const auto tokenizer = Tokenizer::parse(
      R"({"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false},"decoder":{"type":"ByteLevel"},)"
      R"("normalizer":{"type":"NFC"},"added_tokens":[{"id":1,"content":"!","normalized":false}],)"
      R"("model":{"vocab":{"a":0},"merges":[]}})");
  const auto refusal = [&](std::string_view text) {
    return error_of([&] {
      StreamEncoder encoder(*tokenizer);
      Ids ids;
      encoder.skip(10);
      encoder.add(text, ids);
      encoder.finish(ids);
    });
  };
  EXPECT_EQ(refusal("a!a"), "accepted");
  EXPECT_EQ(refusal("aa!ab"), "byte 14: the vocabulary has no token for 98");
  EXPECT_EQ(refusal("!ae\u0301"), "byte 11 or behind: the vocabulary has no token for 195");
}

// Whatever the parts, the ids are those of the whole text.
TEST(StreamEncoder, EqualsTheWholeText) {
  const std::string parts[] = {"a",    "ab",       " ",       "  ",  "\n",     "'",      "'s",
                               "e",    "\u0301",   "<|end|>", "<|e", "1",      "\u4e2d", "\u3000",
                               "\xff", "\xe2\x80", "\x80",    "!",   "\u2000", "\uac00", "\u11a8"};
  const SmallTokenizerJson cuttable{{"a b", "\u0120 ab", "\u0120 \u0120"}, {kEnd, R"("content":"  ")"}};
  // Cuts could stand inside the added tokens.
  const SmallTokenizerJson uncuttable{{"a b"}, {R"("content":"b ")", R"("content":"\u00e9 ")"}};
  const SmallTokenizerJson raw{{"a b"}, {R"("content":"1a","normalized":false)", R"("content":"!\u4e2d")"}};
  std::mt19937 rng(1);
  for (const auto& json : {cuttable, uncuttable, raw}) {
    const auto tokenizer = Tokenizer::parse(json.text());
    for (int round = 0; round < 3000; ++round) {
      std::string text;
      for (size_t n = rng() % 12; n > 0; --n) text += parts[rng() % std::size(parts)];
      Ids ids;
      size_t begin = 0;
      for (size_t end = 0; end <= text.size(); end += 1 + rng() % 4) {
        begin += tokenizer->encode_some(std::string_view(text).substr(begin, end - begin), true, ids);
      }
      tokenizer->encode_some(std::string_view(text).substr(begin), false, ids);
      ASSERT_EQ(ids, tokenizer->encode(text)) << text;
    }
  }
}

}  // namespace
}  // namespace rwkv
