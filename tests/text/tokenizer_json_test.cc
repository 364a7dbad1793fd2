#include "text/tokenizer_json.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "support/error_of.h"
#include "support/tokenizer_json.h"

namespace rwkv {
namespace {

std::string refusal(const std::string& file) {
  return error_of([&] { parse_tokenizer_json(file); });
}

std::string refusal_with(std::string SmallTokenizerJson::*part, const std::string& value) {
  SmallTokenizerJson json;
  json.*part = value;
  return refusal(json.text());
}

TEST(TokenizerJson, RefusesOtherKindsByName) {
  EXPECT_EQ(refusal_with(&SmallTokenizerJson::normalizer, R"({"type":"Lowercase"})"),
            "normalizer 'Lowercase' is not supported: want NFC or NFKC");
  EXPECT_EQ(refusal_with(&SmallTokenizerJson::normalizer,
                         R"({"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Strip"}]})"),
            "normalizer 'Strip' is not supported: want NFC or NFKC");
  EXPECT_EQ(refusal_with(&SmallTokenizerJson::decoder, "null"),
            "decoder 'none' is not supported: want ByteLevel");
  for (const char* extra : {R"(,"dropout":0.1)", R"(,"continuing_subword_prefix":"##")",
                            R"(,"end_of_word_suffix":"</w>")", R"(,"byte_fallback":true)"}) {
    EXPECT_NE(refusal_with(&SmallTokenizerJson::model_extra, extra).find("is not supported"),
              std::string::npos);
  }
  EXPECT_EQ(refusal_with(&SmallTokenizerJson::model_extra, R"(,"dropout":null,"end_of_word_suffix":"")"),
            "accepted");
  EXPECT_EQ(refusal(R"({"pre_tokenizer":{"type":"ByteLevel"},"model":{"type":"Unigram","vocab":[]}})"),
            "model 'Unigram' is not supported: want BPE");
}

TEST(TokenizerJson, RefusesAddedTokensWithConditions) {
  for (const char* condition : {"single_word", "lstrip", "rstrip"}) {
    const SmallTokenizerJson json{{}, {R"("content":"x","x":0,")" + std::string(condition) + R"(":true)"}};
    EXPECT_NE(refusal(json.text()), "accepted") << condition;
  }
}

TEST(TokenizerJson, ReadsBothSpellingsOfMerges) {
  std::string file = SmallTokenizerJson{{"a b", "ab c"}, {}}.text();
  const size_t at = file.find(R"("ab c")");
  file.replace(at, 6, R"(["ab","c"])");
  EXPECT_EQ(parse_tokenizer_json(file)->encode("abc"), std::vector<TokenId>{257});
}

// Merges may come before the tokens that they need, keys and tokens may be written with escapes, and what
// looks like a vocabulary elsewhere is none.
TEST(TokenizerJson, ReadsMembersInAnyOrder) {
  const auto tokenizer = parse_tokenizer_json(
      R"({"mo\u0064el":{"merges":["\u0120 b",["\u0120\u0062","\u0022"]],"x":{"vocab":{"a":{}}},)"
      R"("vocab":{"\u0120":0,"b":1,"\"":2,"\u0120b":3,"\u0120b\"":4}},"vocab":{"a":[]},"merges":{},)"
      R"("pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false,"merges":[1]},"decoder":{"type":"ByteLevel"}})");
  EXPECT_EQ(tokenizer->vocab_size(), 5u);
  EXPECT_EQ(tokenizer->encode(" b b"), (std::vector<TokenId>{3, 3}));
  EXPECT_EQ(tokenizer->decode(std::vector<TokenId>{4}), " b\"");
}

TEST(TokenizerJson, ReadsAModelWithoutType) {
  std::string file = SmallTokenizerJson{}.text();
  const std::string type = R"("type":"BPE",)";
  file.erase(file.find(type), type.size());
  EXPECT_EQ(parse_tokenizer_json(file)->vocab_size(), 256u);
}

std::string with_model(const std::string& model) {
  return R"({"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false},"decoder":{"type":"ByteLevel"},"model":)" +
         model + "}";
}

TEST(TokenizerJson, NamesWhatIsBroken) {
  EXPECT_EQ(refusal(with_model(R"({"vocab":{"a":0},"merges":["a b"]})")),
            "a merge needs the token 'b', which is not in the vocabulary");
  EXPECT_EQ(refusal(with_model(R"({"vocab":{"a":0,"b":1},"merges":["a b"]})")),
            "a merge needs the token 'ab', which is not in the vocabulary");
  EXPECT_EQ(refusal(with_model(R"({"vocab":{"a":0,"b":0},"merges":[]})")), "id 0 stands for two tokens");
  EXPECT_EQ(refusal(with_model(R"({"vocab":{"a":-1},"merges":[]})")), "the id of 'a': want a whole number");
  EXPECT_EQ(refusal(with_model(R"({"vocab":{"a":1.5},"merges":[]})")), "the id of 'a': want a whole number");
  EXPECT_EQ(refusal(with_model(R"({"vocab":{"a":[2]},"merges":[]})")), "the id of 'a': want a whole number");
  EXPECT_EQ(refusal(with_model(R"({"vocab":{"a":0,"a":1},"merges":[]})")), "the token 'a' comes twice");
  EXPECT_EQ(refusal(with_model(R"({"merges":[["a","b"],["c"]],"vocab":{}})")),
            R"(merge 2: want "left right" or ["left", "right"])");
  for (const char* model :
       {R"({"vocab":{"a":4294967296},"merges":[]})", R"({"vocab":{"a":18446744073709551615},"merges":[]})",
        R"({"vocab":{"":0},"merges":[]})", R"({"vocab":[],"merges":[]})", R"({"vocab":{},"merges":{}})",
        R"({"vocab":{"a":0},"merges":["a"]})", R"({"vocab":{"a":0},"merges":[7]})",
        R"({"vocab":{"a":0},"merges":[["a"]]})", R"({"vocab":{"a":0},"merges":[["a","a","a"]]})",
        R"({"vocab":{"a":0},"merges":[["a",["a"]]]})", R"({"vocab":{"a":0},"merges":[{"a":0}]})",
        R"({"vocab":{"a":0},"merges":[null]})", R"({"vocab":{"a":"0"},"merges":[]})", R"({"merges":[]})",
        R"({"type":7,"merges":[],"vocab":{}})", "null", "7"}) {
    EXPECT_NE(refusal(with_model(model)), "accepted") << model;
  }
}

TEST(TokenizerJson, RefusesContradictingAddedTokens) {
  const auto with_added = [](const std::string& added) {
    return R"({"added_tokens":)" + added +
           R"(,"pre_tokenizer":{"type":"ByteLevel","add_prefix_space":false},"decoder":{"type":"ByteLevel"},)"
           R"("model":{"vocab":{"a":0,"b":1},"merges":[]}})";
  };
  EXPECT_EQ(refusal(with_added(R"([{"id":0,"content":"a"}])")), "accepted");
  for (const char* added :
       {R"([{"id":1,"content":"a"}])", R"([{"id":1,"content":"c"}])", R"([{"id":2,"content":""}])",
        R"([{"id":2,"content":"c"},{"id":3,"content":"c"}])", R"([{"content":"c"}])", R"([{"id":2}])",
        R"([7])", R"({})", R"([{"id":2,"content":"c","normalized":3}])",
        R"([{"id":99999999,"content":"c"}])"}) {
    EXPECT_NE(refusal(with_added(added)), "accepted") << added;
  }
}

TEST(TokenizerJson, RefusesEveryTruncation) {
  const std::string file = SmallTokenizerJson{{"a b"}, {R"("content":"x y")"}}.text();
  for (size_t n = 0; n < file.size(); n += n < file.size() - 400 ? 17 : 1) {
    EXPECT_THROW(parse_tokenizer_json(file.substr(0, n)), Error) << n;
  }
  EXPECT_THROW(parse_tokenizer_json("{" + std::string(100000, '[')), Error);
  EXPECT_THROW(parse_tokenizer_json("0e999"), Error);
}

}  // namespace
}  // namespace rwkv
