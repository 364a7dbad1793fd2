#include "serve/api_request.h"

#include <gtest/gtest.h>

#include "support/error_of.h"
#include "support/source_folder.h"

namespace rwkv {
namespace {

class ApiRequestTest : public testing::Test {
 protected:
  std::unique_ptr<const Tokenizer> tokenizer_ = Tokenizer::load(source_folder() / "demo/vocab.txt");
  ApiDefaults defaults_ = make_defaults();

  ApiDefaults make_defaults() {
    ApiDefaults defaults;
    defaults.continuation.max_tokens = 16;
    defaults.continuation.bytes_of = [this](TokenId id) { return tokenizer_->bytes_of(id); };
    defaults.tokenizer = tokenizer_.get();
    defaults.n_vocab = 1024;
    defaults.chat_template = &chat_template_from_name("world");
    defaults.limits = {.prompt_tokens = 100, .answer_tokens = 50, .sequences = 8, .log_probs = 1000};
    return defaults;
  }
  ApiRequest completion(std::string_view body) { return parse_completion(body, defaults_); }
  ApiRequest chat(std::string_view body) { return parse_chat_completion(body, defaults_); }
  std::string refused(std::string_view body) {
    return error_of([&] { completion(body); });
  }
};

TEST_F(ApiRequestTest, TakesOpenAisNamesAndOurs) {
  const auto theirs =
      completion(R"({"prompt": "a", "temperature": 0.5, "presence_penalty": 1, "frequency_penalty": 2,
      "logit_bias": {"5": -3}, "max_tokens": 7, "stop": "x", "seed": 9, "n": 2, "logprobs": 3, "echo": true})");
  const auto ours =
      completion(R"({"prompt": "a", "temp": 0.5, "presence": 1, "frequency": 2, "bias": {"5": -3},
      "max_completion_tokens": 7, "stop": ["x"], "seed": 9})");
  for (const auto& request : {theirs, ours}) {
    EXPECT_EQ(request.continuation.sampler.temperature, 0.5);
    EXPECT_EQ(request.continuation.sampler.presence, 1);
    EXPECT_EQ(request.continuation.sampler.frequency, 2);
    EXPECT_EQ(request.continuation.sampler.bias, (std::vector<std::pair<uint32_t, float>>{{5, -3.F}}));
    EXPECT_EQ(request.continuation.sampler.seed, 9);
    EXPECT_EQ(request.continuation.max_tokens, 7);
    EXPECT_EQ(request.continuation.stop_texts, std::vector<std::string>{"x"});
  }
  EXPECT_EQ(theirs.n_choices, 2);
  EXPECT_EQ(theirs.n_top, 3);
  EXPECT_TRUE(theirs.echo);
  EXPECT_FALSE(ours.n_top);
  EXPECT_EQ(completion(R"({"prompt": "a", "temperature": null, "stop": null, "max_tokens": null})")
                .continuation.max_tokens,
            16);
}

TEST_F(ApiRequestTest, TakesPromptsOfAllForms) {
  EXPECT_EQ(completion(R"({"prompt": [3, 4]})").prompts[0].ids, (std::vector<TokenId>{3, 4}));
  const auto several = completion(R"({"prompt": [[3], [], [4, 5]]})");
  ASSERT_EQ(several.prompts.size(), 3);
  EXPECT_EQ(several.prompts[2].ids, (std::vector<TokenId>{4, 5}));
  EXPECT_EQ(completion(R"({"prompt": ["a", "b"]})").prompts[1].ids, tokenizer_->encode("b"));
  EXPECT_EQ(completion(R"({"prompt": "<|endoftext|>"})").prompts[0].ids, std::vector<TokenId>{0});
  EXPECT_EQ(completion(R"({"prompt": "a<|endoftext|>"})").prompts[0].ids,
            tokenizer_->encode("a<|endoftext|>"));
}

TEST_F(ApiRequestTest, SeedsDifferUnlessTheyAreGiven) {
  EXPECT_NE(completion(R"({"prompt": "a"})").continuation.sampler.seed,
            completion(R"({"prompt": "a"})").continuation.sampler.seed);
  defaults_.has_seed = true;
  defaults_.continuation.sampler.seed = 4;
  EXPECT_EQ(completion(R"({"prompt": "a"})").continuation.sampler.seed, 4);
}

TEST_F(ApiRequestTest, HasLimits) {
  EXPECT_EQ(refused(R"({"prompt": "a", "max_tokens": 51})"), "max_tokens is more than 50");
  EXPECT_EQ(refused(R"({"prompt": "a", "max_tokens": -1})"), "max_tokens is more than 50");
  EXPECT_EQ(refused(R"({"prompt": ["a", "b"], "n": 5})"), "prompts times n is more than 8 sequences");
  std::string ids = "1";
  for (int i = 0; i < 100; ++i) ids += ",1";
  EXPECT_EQ(refused("{\"prompt\": [" + ids + "]}"), "the prompt has 101 tokens, want at most 100");
  EXPECT_EQ(refused(R"({"prompt": "a", "n": 5, "max_tokens": 50, "logprobs": 4})"),
            "the answer would tell more than 1000 log-probabilities");
  EXPECT_EQ(refused(R"({"prompt": "a", "temperture": 1})"),
            "unknown key 'temperture', did you mean temperature?");
}

TEST_F(ApiRequestTest, AScoredPromptIsFollowedByOneToken) {
  EXPECT_FALSE(completion(R"({"prompt": "a", "echo": true, "logprobs": 1, "max_tokens": 1})")
                   .continuation.stop_at_end_of_text);
  EXPECT_TRUE(completion(R"({"prompt": "a", "echo": true, "logprobs": 1, "max_tokens": 2})")
                  .continuation.stop_at_end_of_text);
}

TEST_F(ApiRequestTest, AChatIsItsTemplate) {
  const auto request =
      chat(R"({"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "a"}]})");
  EXPECT_EQ(request.prompts[0].ids, tokenizer_->encode("System: Be brief.\n\nUser: a\n\nAssistant:"));
  EXPECT_EQ(request.continuation.max_tokens, 50);
  EXPECT_EQ(request.continuation.stop_texts, std::vector<std::string>{"\n\nUser:"});
  const auto& ends = request.prompts[0].turn_ends;
  ASSERT_EQ(ends.size(), 2);
  EXPECT_EQ(tokenizer_->decode(std::span(request.prompts[0].ids).first(ends[0])), "System: Be brief.\n\n");
  EXPECT_EQ(tokenizer_->decode(std::span(request.prompts[0].ids).first(ends[1])),
            "System: Be brief.\n\nUser: a\n\n");
}

TEST_F(ApiRequestTest, AChatAsksForThoughts) {
  const auto text = [&](const char* more) {
    const auto request = chat(std::string(R"({"messages": [{"role": "user", "content": "a"}])") + more + "}");
    return tokenizer_->decode(request.prompts[0].ids);
  };
  EXPECT_EQ(text(""), "User: a\n\nAssistant:");
  EXPECT_EQ(text(R"(, "think": "long")"), "User: a (think a lot)\n\nAssistant: <think");
  EXPECT_EQ(text(R"(, "reasoning_effort": "low")"), "User: a (think a bit)\n\nAssistant: <think");
  EXPECT_EQ(text(R"(, "reasoning_effort": "none")"), "User: a\n\nAssistant: <think></think");
  EXPECT_EQ(text(R"(, "chat_template_kwargs": {"enable_thinking": true})"),
            "User: a (think)\n\nAssistant: <think");
  EXPECT_EQ(text(R"(, "template": "g1-think")"), "User: a\n\nAssistant: <think");
}

}  // namespace
}  // namespace rwkv
