#include "generate_options.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"

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
  EXPECT_FALSE(o.text_in);
  EXPECT_FALSE(o.text_out);
  EXPECT_NE(o.continuation.sampler.seed, parse({}).continuation.sampler.seed);
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
