#include "generate/jsonl_request.h"

#include <gtest/gtest.h>

#include <limits>

namespace rwkv {
namespace {

class JsonlRequest : public testing::Test {
 protected:
  // A World vocabulary of three tokens.
  std::unique_ptr<const Tokenizer> tokenizer_ = Tokenizer::parse("1 'a' 1\n2 'b' 1\n3 b'\\xff' 1\n");
  RequestDefaults defaults_{{}, "default.state", tokenizer_.get(), 300};

  std::string error_of(const std::string& line) { return parse_request(line, 7, defaults_).error; }
};

TEST_F(JsonlRequest, TakesAllKeys) {
  const Request request = parse_request(
      R"({"id": {"x": [1]}, "ids": [1, 299], "n": 7, "temp": 0.5, "top_k": 4, "top_p": 0.25, "min_p": 0.125,
          "presence": 1, "frequency": 2, "penalty_decay": 0.75, "penalize_all": true, "bias": {"261": -1.5, "0": "-inf"}, "seed": 18446744073709551615,
          "stop": ["x", "y"], "stop_ids": [5], "ignore_eos": true, "state_in": "in", "state_out": "out", "logprobs": 2})",
      7, defaults_);
  EXPECT_EQ(request.error, "");
  EXPECT_EQ(request.id, R"({"x": [1]})");
  EXPECT_EQ(request.prompt, (std::vector<TokenId>{1, 299}));
  const ContinuationOptions& c = request.continuation;
  EXPECT_EQ(c.max_tokens, 7);
  EXPECT_EQ(c.sampler.temperature, 0.5);
  EXPECT_EQ(c.sampler.top_k, 4);
  EXPECT_EQ(c.sampler.top_p, 0.25);
  EXPECT_EQ(c.sampler.min_p, 0.125);
  EXPECT_EQ(c.sampler.presence, 1);
  EXPECT_EQ(c.sampler.frequency, 2);
  EXPECT_EQ(c.sampler.penalty_decay, 0.75);
  EXPECT_TRUE(c.penalize_all);
  EXPECT_EQ(c.sampler.seed, UINT64_MAX);
  const std::vector<std::pair<TokenId, float>> bias{{261, -1.5F},
                                                    {0, -std::numeric_limits<float>::infinity()}};
  EXPECT_EQ(c.sampler.bias, bias);
  EXPECT_EQ(c.stop_texts, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(c.stop_ids, (std::vector<TokenId>{5}));
  EXPECT_FALSE(c.stop_at_end_of_text);
  EXPECT_TRUE(c.keep_end);
  EXPECT_EQ(c.n_log_probs, 2);
  EXPECT_EQ(request.state_in, "in");
  EXPECT_EQ(request.state_out, "out");
}

TEST_F(JsonlRequest, LeavesTheRestToTheDefaults) {
  defaults_.continuation.max_tokens = 33;
  const Request request = parse_request(R"({"prompt": "ab"})", 7, defaults_);
  EXPECT_EQ(request.error, "");
  EXPECT_EQ(request.id, "null");
  EXPECT_EQ(request.prompt, (std::vector<TokenId>{1, 2}));
  EXPECT_EQ(request.continuation.max_tokens, 33);
  EXPECT_EQ(request.state_in, "default.state");
  EXPECT_FALSE(request.continuation.keep_end);
  EXPECT_EQ(parse_request(R"({"ids": [], "n": -1})", 7, defaults_).continuation.max_tokens, kUnlimited);
}

TEST_F(JsonlRequest, TellsWhatIsWrong) {
  EXPECT_TRUE(error_of("{").starts_with("not JSON: "));
  EXPECT_TRUE(error_of(std::string(100'000, '[')).starts_with("not JSON: "));
  EXPECT_EQ(error_of("[]"), "not a JSON object");
  EXPECT_EQ(error_of("{}"), "want either ids or prompt");
  EXPECT_EQ(error_of(R"({"ids": [], "prompt": ""})"), "want either ids or prompt");
  EXPECT_EQ(error_of(R"({"ids": [300]})"), "ids: id 300, but the vocabulary has 300 ids");
  EXPECT_EQ(error_of(R"({"ids": [-1]})"), "ids is -1, want ids");
  EXPECT_EQ(error_of(R"({"ids": [1.5]})"), "ids is 1.5, want ids");
  EXPECT_EQ(error_of(R"({"ids": 5})"), "ids is 5, want an array of ids");
  EXPECT_EQ(error_of(R"({"ids": [], "n": -2})"), "n is -2, want a whole number, or -1 for no limit");
  EXPECT_EQ(error_of(R"({"ids": [], "temp": "hot"})"), "temp is \"hot\", want a number, at least 0");
  EXPECT_EQ(error_of(R"({"ids": [], "top_p": 2})"), "top_p is 2, want a number from 0 to 1");
  EXPECT_EQ(error_of(R"({"ids": [], "bias": {"x": 1}})"), "bias is \"x\", want ids as names");
  EXPECT_EQ(error_of(R"({"ids": [], "logprobs": 1001})"),
            "logprobs is 1001, want a whole number from 0 to 1000");
  EXPECT_EQ(error_of(R"({"ids": [], "tmp": 1})"), "unknown key 'tmp', did you mean temp?");
  defaults_.tokenizer = nullptr;
  EXPECT_EQ(error_of(R"({"prompt": "a"})"), "prompt wants a vocabulary: -v VOCAB");
  EXPECT_EQ(error_of(R"({"ids": [], "stop": "a"})"), "stop wants a vocabulary: -v VOCAB");
  EXPECT_EQ(parse_request(R"({"id": 7, "ids": 5})", 7, defaults_).id, "7");
}

// A job that has read two tokens and drawn one: id 6 is its stop id, any else but 0 its only one.
BatchJob ended_job(TokenId last) {
  ContinuationOptions options;
  options.sampler.temperature = 0;
  options.stop_ids = {6};
  options.max_tokens = 1;
  BatchJob job;
  job.n_read = 2;
  job.continuation = {Sequence(), options};
  std::vector<float> logits(8);
  logits[last] = 1;
  job.continuation.draw_from(logits);
  return job;
}

TEST_F(JsonlRequest, AnswersInOneLine) {
  Request request;
  request.id = "\"q\"";
  BatchJob job = ended_job(0);
  job.tokens = {{.id = 4}, {.id = 5}};
  job.bytes = "a\n";
  EXPECT_EQ(answer_line(request, job, nullptr),
            R"({"id":"q","ids":[4,5],"stop":"eos","prompt_tokens":2,"tokens":2})");
  EXPECT_EQ(answer_line(request, job, tokenizer_.get()),
            R"({"id":"q","ids":[4,5],"text":"a\n","stop":"eos","prompt_tokens":2,"tokens":2})");
  job = ended_job(6);
  job.bytes = "ab\xff";
  EXPECT_EQ(answer_line(request, job, tokenizer_.get()),
            R"({"id":"q","ids":[],"text_base64":"YWL/","stop":"stop","prompt_tokens":2,"tokens":0})");
}

TEST_F(JsonlRequest, AnswersWithLogProbabilities) {
  Request request;
  request.continuation.n_log_probs = 1;
  BatchJob job = ended_job(1);
  job.tokens = {{.id = 1, .log_prob = -0.5, .most_likely = {{2, -0.25}}}};
  EXPECT_EQ(answer_line(request, job, nullptr),
            R"({"id":null,"ids":[1],"stop":"length","prompt_tokens":2,"tokens":1,)"
            R"("logprobs":[{"id":1,"logprob":-0.5,"top":[{"id":2,"logprob":-0.25}]}]})");
  EXPECT_EQ(
      answer_line(request, job, tokenizer_.get()),
      R"({"id":null,"ids":[1],"text":"","stop":"length","prompt_tokens":2,"tokens":1,)"
      R"("logprobs":[{"id":1,"text":"a","logprob":-0.5,"top":[{"id":2,"text":"b","logprob":-0.25}]}]})");
}

TEST_F(JsonlRequest, AnswersWithAnErrorAndWhatThereIs) {
  Request request;
  request.line = 3;
  request.id = "7";
  BatchJob job;
  job.error = "bad \"n\"";
  EXPECT_EQ(answer_line(request, job, nullptr), R"({"id":7,"line":3,"error":"bad \"n\""})");
  job.n_read = 3;
  job.tokens = {{.id = 4}};
  EXPECT_EQ(answer_line(request, job, nullptr),
            R"({"id":7,"line":3,"error":"bad \"n\"","ids":[4],"prompt_tokens":3,"tokens":1})");
}

}  // namespace
}  // namespace rwkv
