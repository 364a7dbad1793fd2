#include "checkpoint/vocabulary.h"

#include <gtest/gtest.h>

#include "support/error_of.h"
#include "support/gguf_builder.h"
#include "support/tensor_values.h"

namespace rwkv {
namespace {

std::string types(std::initializer_list<int32_t> values) {
  std::string all = bytes_in_file<uint32_t>(5) + bytes_in_file<uint64_t>(values.size());
  for (const int32_t value : values) all += bytes_in_file(value);
  return all;
}

GgufBuilder with_tokens(std::initializer_list<std::string_view> tokens,
                        std::initializer_list<int32_t> token_types) {
  GgufBuilder gguf;
  gguf.add_string("tokenizer.ggml.model", "rwkv");
  gguf.add_strings("tokenizer.ggml.tokens", tokens);
  if (token_types.size() > 0) gguf.add_entry("tokenizer.ggml.token_type", 9, types(token_types));
  return gguf;
}

std::string vocabulary_of(const GgufBuilder& gguf) {
  const std::string file = gguf.file();
  return world_vocabulary_of(read_gguf_header(bytes_of(file)));
}
std::string refusal(const GgufBuilder& gguf) {
  return error_of([&] { vocabulary_of(gguf); });
}

TEST(GgufVocabulary, TextsOfTheVocabularyWithoutPseudoTokens) {
  EXPECT_EQ(vocabulary_of(with_tokens({"<s>", "\\x00", "it's", "<s>", "\\xff", "\xe4\xb8\xad", "[PAD6]"},
                                      {3, 1, 1, 1, 1, 1, 5})),
            "1 '\\x00' 1\n2 'it\\'s' 4\n3 '<s>' 3\n4 b'\\xff' 1\n5 '\u4e2d' 3\n");
  EXPECT_EQ(vocabulary_of(with_tokens({"a", "b"}, {})), "0 'a' 1\n1 'b' 1\n");
}

TEST(GgufVocabulary, SaysWhatIsWrong) {
  EXPECT_EQ(refusal(GgufBuilder{}), "has no vocabulary: metadata tokenizer.ggml.model is missing");
  EXPECT_EQ(refusal(with_tokens({"a"}, {1, 1})),
            "metadata tokenizer.ggml.token_type: 2 types, want 1, one a token");
  EXPECT_EQ(refusal(with_tokens({"a", "\\x4"}, {})), "token 1: literal: an escape with too few digits");
  GgufBuilder bpe;
  bpe.add_string("tokenizer.ggml.model", "gpt2");
  EXPECT_EQ(refusal(bpe),
            "metadata tokenizer.ggml.model: a vocabulary of the kind 'gpt2', want 'rwkv' (World)");
}

TEST(VocabularyMark, IsThatOfTheTokens) {
  const auto text = Tokenizer::parse("1 'a' 1\n2 'b' 1\n"),
             json = Tokenizer::parse(R"({"2": "b", "1": [97]})"),
             other = Tokenizer::parse("1 'a' 1\n3 'b' 1\n");
  EXPECT_EQ(vocabulary_mark(*text), vocabulary_mark(*json));
  EXPECT_NE(vocabulary_mark(*text), vocabulary_mark(*other));
  EXPECT_TRUE(vocabulary_mark(*text).starts_with("World "));
}

}  // namespace
}  // namespace rwkv
