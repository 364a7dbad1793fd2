#include "session/runner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "support/golden_model.h"

namespace rwkv {
namespace {

std::vector<TokenId> some_tokens(size_t n) {
  std::vector<TokenId> tokens(n);
  for (size_t i = 0; i < n; ++i) tokens[i] = static_cast<TokenId>(i * 37 % 320);
  return tokens;
}

std::vector<float> logits_after(Runner& runner, Sequence& sequence) {
  Sequence* const one[] = {&sequence};
  const auto row = runner.step(one, {}).front();
  return {row.begin(), row.end()};
}

class RunnerTest : public testing::TestWithParam<const char*> {
 protected:
  Model model_ = Model::load(golden_model(GetParam()));
  Runner runner_{model_, 1};

  Sequence sequence_of(std::span<const TokenId> tokens) {
    Sequence sequence = runner_.new_sequence();
    runner_.read(sequence, tokens);
    return sequence;
  }
};

TEST_P(RunnerTest, TheSplitIntoReadsDoesNotMatter) {
  const auto tokens = some_tokens(300);
  Sequence whole = sequence_of(tokens), parts = runner_.new_sequence();
  for (const size_t n : {1U, 130U, 0U, 169U}) {
    runner_.read(parts, std::span(tokens).subspan(parts.n_tokens, n));
  }
  EXPECT_EQ(whole.n_tokens, 300);
  EXPECT_EQ(parts.n_tokens, 300);
  EXPECT_EQ(whole.pending, tokens.back());
  EXPECT_EQ(logits_after(runner_, whole), logits_after(runner_, parts));
}

// One sequence is continued while two others read, one of which has a pending token.
TEST_P(RunnerTest, WhatIsFedTogetherIsWhatIsFedAlone) {
  const auto tokens = some_tokens(90);
  const auto few = std::span(tokens).first(5), one = std::span(tokens).first(1);
  std::vector<Sequence> together{sequence_of(few), sequence_of(few), runner_.new_sequence()};
  const std::vector<Reading> readings{{&together[1], tokens}, {&together[2], one}};
  Sequence* const drawing[] = {&together[0]};
  const auto row = runner_.step(drawing, readings).front();

  Sequence alone = sequence_of(few);
  EXPECT_EQ(std::vector<float>(row.begin(), row.end()), logits_after(runner_, alone));
  Sequence read = sequence_of(few), begun = sequence_of(one);
  runner_.read(read, tokens);
  EXPECT_EQ(together[1].n_tokens, 95);
  EXPECT_EQ(logits_after(runner_, together[1]), logits_after(runner_, read));
  EXPECT_EQ(logits_after(runner_, together[2]), logits_after(runner_, begun));
}

TEST_P(RunnerTest, NothingBeginsFromIdZero) {
  const TokenId zero = 0;
  Sequence empty = runner_.new_sequence(), begun = sequence_of({&zero, 1});
  EXPECT_EQ(logits_after(runner_, empty), logits_after(runner_, begun));
}

TEST_P(RunnerTest, KnownLogitsAreHandedOutAmongOthers) {
  const auto tokens = some_tokens(4);
  Sequence fed = sequence_of(tokens), known = fed, other = fed;
  const auto expected = logits_after(runner_, known);
  known.logits = expected;
  Sequence* const three[] = {&fed, &known, &other};
  const auto rows = runner_.step(three, {});
  for (size_t i = 0; i < 3; ++i) EXPECT_TRUE(std::ranges::equal(rows[i], expected)) << i;
  EXPECT_TRUE(known.logits.empty());
}

TEST_P(RunnerTest, AReadThatIsStoppedStandsAfterWhatWasRead) {
  const auto tokens = some_tokens(300);
  int asked = 0;
  Runner stopping(model_, 1, [&] { return ++asked == 2; });
  Sequence stopped = stopping.new_sequence();
  stopping.read(stopped, tokens);
  ASSERT_GT(stopped.n_tokens, 0);
  ASSERT_LT(stopped.n_tokens, 300);
  Sequence same = sequence_of(std::span(tokens).first(stopped.n_tokens));
  EXPECT_EQ(stopped.pending, same.pending);
  EXPECT_EQ(logits_after(runner_, stopped), logits_after(runner_, same));
}

INSTANTIATE_TEST_SUITE_P(Versions, RunnerTest, testing::Values("v4", "v7"));

}  // namespace
}  // namespace rwkv
