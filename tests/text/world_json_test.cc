#include "text/world_json.h"

#include <gtest/gtest.h>

#include "support/error_of.h"
#include "text/wordlevel_json.h"

namespace rwkv {
namespace {

using Ids = std::vector<TokenId>;

TEST(WorldJson, MapsFromIdsAndFromTexts) {
  for (const char* file :
       {R"({"1": "a", "2": [255, 98], "3": "\u00e9"})", R"( { "a": 1, "\u00ffb": 2, "\u00c3\u00a9": 3})"}) {
    ASSERT_TRUE(looks_like_world_json(file));
    const auto tokenizer = Tokenizer::parse(file);
    EXPECT_EQ(tokenizer->kind(), "World");
    EXPECT_EQ(tokenizer->encode("a\xff"
                                "b\u00e9"),
              (Ids{1, 2, 3}));
  }
  for (const char* other : {"", "{", "{}", R"({"version":"1.0"})", R"({"1":{}})", "[1]", R"({"a\"})"})
    EXPECT_FALSE(looks_like_world_json(other)) << other;
}

TEST(WorldJson, SaysWhatIsWrong) {
  const auto refusal = [](std::string_view file) { return error_of([&] { parse_world_json(file); }); };
  EXPECT_EQ(refusal(R"({"1": "a", "x": "b"})"), "'x': the key: want a whole number");
  EXPECT_EQ(refusal(R"({"1": [256]})"), "'1': want bytes from 0 to 255");
  EXPECT_EQ(refusal(R"({"1": ""})"), "'1': an empty token");
  EXPECT_EQ(refusal(R"({"a": 1, "b": -1})"), "'b': the id: want a whole number");
  EXPECT_EQ(refusal(R"({"a": 1, "Ġa": 2})"),
            "'Ġa': a character that is no byte, as byte-level BPE vocabularies have them: these need their "
            "tokenizer.json");
  EXPECT_TRUE(refusal(R"({"a": 1, "b": 1})").starts_with("'b': "));
}

std::string wordlevel(const std::string& pattern) {
  return R"({"added_tokens":[],"pre_tokenizer":{"type":"Sequence","pretokenizers":[)"
         R"({"type":"ByteLevel","add_prefix_space":false,"use_regex":false},)"
         R"({"type":"Split","pattern":{"Regex":")" +
         pattern +
         R"("},"behavior":"Isolated","invert":false}]},"decoder":{"type":"ByteLevel"},"model":{"type":"WordLevel","unk_token":"<e>",)"
         R"("vocab":{"<e>":0,"a":1,"Ġa":2,"|":3,"b":4}}})";
}

TEST(WordLevel, IsTheWorldVocabularyThatItStandsFor) {
  const auto tokenizer = Tokenizer::parse(wordlevel(R"((?:Ġa|a|\\||b))"));
  EXPECT_EQ(tokenizer->kind(), "World");
  EXPECT_EQ(tokenizer->encode("a a|b"), (Ids{1, 2, 3, 4}));
  EXPECT_EQ(tokenizer->decode(Ids{0, 2}), " a");
}

TEST(WordLevel, IsNothingElse) {
  const auto refusal = [](const std::string& file) { return error_of([&] { Tokenizer::parse(file); }); };
  const std::string only = "model 'WordLevel' is supported as the World vocabulary's form only: ";
  EXPECT_EQ(refusal(wordlevel("a|Ġa")), only + "the Split's tokens are not the longest first");
  EXPECT_EQ(refusal(wordlevel("Ġa|c")), only + "the Split's 'c' is not in the vocabulary");
  EXPECT_EQ(refusal(wordlevel("Ġa|a+")), only + "the Split has more than tokens");
  EXPECT_EQ(refusal(R"({"pre_tokenizer":{"type":"Whitespace"},"model":{"type":"WordLevel","vocab":{}}})"),
            only + "want the pre_tokenizers ByteLevel and Split");
}

}  // namespace
}  // namespace rwkv
