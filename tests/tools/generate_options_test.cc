#include "generate/options.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "rwkv/rwkv.h"

namespace rwkv {
namespace {

GenerateOptions parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), {"rwkv-generate", "-m", "model"});
  return parse_generate_options(static_cast<int>(arguments.size()), arguments.data()).value();
}

TEST(GenerateOptionsTest, HaveTheirDefaults) {
  const auto o = parse({});
  EXPECT_EQ(o.model, "model");
  EXPECT_EQ(o.continuation.max_tokens, 256);
  EXPECT_TRUE(o.continuation.stop_at_end_of_text);
  const SamplerOptions& s = o.continuation.sampler;
  EXPECT_EQ(s.temperature, 1);
  EXPECT_EQ(s.top_p, 0.5);
  EXPECT_EQ(s.top_k, 0);
  EXPECT_EQ(s.min_p, 0);
  EXPECT_EQ(s.presence, 0);
  EXPECT_EQ(s.frequency, 0);
  EXPECT_EQ(s.penalty_decay, 0.996);
  EXPECT_FALSE(o.text_in);
  EXPECT_FALSE(o.text_out);
  EXPECT_NE(o.continuation.sampler.seed, parse({}).continuation.sampler.seed);
}

TEST(GenerateOptionsTest, DefaultsAreThoseOfTheCInterface) {
  const rwkv_sampling c = RWKV_SAMPLING_INIT;
  const SamplerOptions s = parse({}).continuation.sampler;
  EXPECT_EQ(c.temperature, s.temperature);
  EXPECT_EQ(c.top_k, s.top_k);
  EXPECT_EQ(c.top_p, s.top_p);
  EXPECT_EQ(c.min_p, s.min_p);
  EXPECT_EQ(c.presence, s.presence);
  EXPECT_EQ(c.frequency, s.frequency);
  EXPECT_EQ(c.penalty_decay, s.penalty_decay);
  EXPECT_EQ(c.penalize_all != 0, parse({}).continuation.penalize_all);
}

TEST(GenerateOptionsTest, TakeNumbersAsTheyAreSpelled) {
  const auto o = parse({"-n", "-1", "--temp", "0.5", "--bias", "3:-inf", "--bias", "4:+2", "--stop-id", "7",
                        "--stop-id", "8", "--seed", "18446744073709551615", "--greedy", "-t3"});
  EXPECT_EQ(o.continuation.max_tokens, kUnlimited);
  EXPECT_EQ(o.continuation.sampler.temperature, 0);
  EXPECT_EQ(o.continuation.sampler.bias[1], (std::pair<TokenId, float>(4, 2.F)));
  EXPECT_EQ(o.continuation.sampler.bias[0].second, -INFINITY);
  EXPECT_EQ(o.continuation.stop_ids, (std::vector<TokenId>{7, 8}));
  EXPECT_EQ(o.continuation.sampler.seed, UINT64_MAX);
  EXPECT_EQ(o.threads, 3);
}

TEST(GenerateOptionsTest, APresetIsABaseForWhatIsGiven) {
  const auto sampler = [](std::vector<const char*> arguments) {
    return parse(std::move(arguments)).continuation.sampler;
  };
  const auto chat = sampler({"--preset", "chat"});
  EXPECT_EQ(chat.temperature, 1);
  EXPECT_EQ(chat.top_p, 0.3);
  EXPECT_EQ(chat.presence, 0.5);
  EXPECT_EQ(chat.frequency, 0.5);
  EXPECT_EQ(sampler({"--preset", "creative"}).temperature, 1.2);
  EXPECT_EQ(sampler({"--preset", "exact"}).top_p, 0.1);
  EXPECT_EQ(sampler({"--preset", "greedy"}).temperature, 0);
  for (const bool first : {true, false}) {
    std::vector<const char*> arguments{"--top-p", "0.9", "--presence", "0", "--top-k", "7", "--seed", "3"};
    arguments.insert(first ? arguments.begin() : arguments.end(), {"--preset", "chat"});
    const auto mixed = sampler(arguments);
    EXPECT_EQ(mixed.top_p, 0.9);
    EXPECT_EQ(mixed.presence, 0);
    EXPECT_EQ(mixed.frequency, 0.5);
    EXPECT_EQ(mixed.top_k, 7);
    EXPECT_EQ(mixed.seed, 3);
  }
}

TEST(GenerateOptionsTest, TextComesAndGoesTogetherUnlessIdsAreAskedFor) {
  EXPECT_TRUE(parse({"-v", "v", "-p", ""}).text_in);
  EXPECT_TRUE(parse({"-v", "v", "-p", ""}).text_out);
  EXPECT_TRUE(parse({"-v", "v", "-f", "f"}).text_out);
  EXPECT_FALSE(parse({"-v", "v", "-p", "x", "--ids", "json"}).text_in);
  EXPECT_FALSE(parse({"-v", "v", "-p", "x", "--ids", "json"}).text_out);
  EXPECT_TRUE(parse({"-v", "v", "--text", "--ids", "json"}).text_in);
  EXPECT_FALSE(parse({"-v", "v", "--decode"}).text_in);
  EXPECT_TRUE(parse({"-v", "v", "--decode", "--ids", "json"}).text_out);
  EXPECT_FALSE(parse({"-v", "v"}).text_out);
}

TEST(GenerateOptionsTest, RefuseWhatMakesNoSense) {
  const std::vector<std::vector<const char*>> wrong = {
      {"-n", "-2"},
      {"-n", "x"},
      {"--fork", "0"},
      {"-b", "0"},
      {"-t", "0"},
      {"--load", "fast"},
      {"--text"},
      {"--stop", "x"},
      {"--bias", "3"},
      {"--bias", "3:x"},
      {"--bias", ":1"},
      {"--bias", "3:1x"},
      {"--ids", "words"},
      {"--gre"},
      {"--preset", "cold"},
      {"--logprobs", "-1"},
      {"--logprobs", "1001"},
      {"--logprobs", "1", "--echo"},
      {"-l", "-0"},
      {"-l", "--state-out", "s"},
      {"--jsonl", "-l"},
      {"--jsonl", "--echo"},
      {"--fork", "2", "--state-out", "s"},
      {"--jsonl", "--state-out", "s"},
  };
  for (const auto& arguments : wrong) {
    try {
      parse(arguments);
      ADD_FAILURE() << arguments[0] << " was taken";
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::kUsage) << e.what();
    }
  }
}

}  // namespace
}  // namespace rwkv
