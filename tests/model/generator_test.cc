#include "model/generator.h"

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

std::vector<float> logits_after(Generator& generator, Sequence& sequence) {
  Sequence* const one[] = {&sequence};
  const auto row = generator.next_logits(one).row(0);
  return {row.begin(), row.end()};
}

class GeneratorTest : public testing::TestWithParam<const char*> {
 protected:
  Model model_ = Model::load(golden_model(GetParam()));
  Generator generator_{model_, 1};

  Sequence sequence_of(std::span<const TokenId> tokens) {
    Sequence sequence = generator_.new_sequence();
    generator_.read(sequence, tokens);
    return sequence;
  }
};

TEST_P(GeneratorTest, TheSplitIntoReadsDoesNotMatter) {
  const auto tokens = some_tokens(300);
  Sequence whole = sequence_of(tokens), parts = generator_.new_sequence();
  for (const size_t n : {1U, 130U, 0U, 169U}) {
    generator_.read(parts, std::span(tokens).subspan(parts.n_tokens, n));
  }
  EXPECT_EQ(whole.n_tokens, 300);
  EXPECT_EQ(parts.n_tokens, 300);
  EXPECT_EQ(whole.pending, tokens.back());
  EXPECT_EQ(logits_after(generator_, whole), logits_after(generator_, parts));
}

TEST_P(GeneratorTest, SequencesReadTogetherAreThoseReadAlone) {
  const auto tokens = some_tokens(300);
  const std::vector<std::span<const TokenId>> texts = {std::span(tokens).first(5), tokens,
                                                       std::span(tokens).first(1)};
  std::vector<Sequence> together(3, generator_.new_sequence());
  generator_.read(together[1], texts[0]);  // so that one of them has a pending token
  std::vector<Reading> readings;
  for (size_t i = 0; i < texts.size(); ++i) readings.push_back({&together[i], texts[i]});
  generator_.read(readings);
  std::vector<Sequence*> pointers;
  for (auto& sequence : together) pointers.push_back(&sequence);
  const auto rows = generator_.next_logits(pointers);
  std::vector<std::vector<float>> got;
  for (size_t i = 0; i < 3; ++i) got.emplace_back(rows.row(i).begin(), rows.row(i).end());

  for (size_t i = 0; i < texts.size(); ++i) {
    Sequence alone = generator_.new_sequence();
    if (i == 1) generator_.read(alone, texts[0]);
    generator_.read(alone, texts[i]);
    EXPECT_EQ(got[i], logits_after(generator_, alone)) << i;
  }
}

TEST_P(GeneratorTest, NothingBeginsFromIdZero) {
  const TokenId zero = 0;
  Sequence empty = generator_.new_sequence(), begun = sequence_of({&zero, 1});
  EXPECT_EQ(logits_after(generator_, empty), logits_after(generator_, begun));
}

TEST_P(GeneratorTest, KnownLogitsAreHandedOutAmongOthers) {
  const auto tokens = some_tokens(4);
  Sequence fed = sequence_of(tokens), known = fed, other = fed;
  const auto expected = logits_after(generator_, known);
  known.logits = expected;
  Sequence* const three[] = {&fed, &known, &other};
  const auto rows = generator_.next_logits(three);
  for (size_t i = 0; i < 3; ++i) EXPECT_TRUE(std::ranges::equal(rows.row(i), expected)) << i;
  EXPECT_TRUE(known.logits.empty());
}

TEST_P(GeneratorTest, AReadThatIsStoppedStandsAfterWhatWasRead) {
  const auto tokens = some_tokens(300);
  int asked = 0;
  Generator stopping(model_, 1, [&] { return ++asked == 2; });
  Sequence stopped = stopping.new_sequence();
  stopping.read(stopped, tokens);
  ASSERT_GT(stopped.n_tokens, 0);
  ASSERT_LT(stopped.n_tokens, 300);
  Sequence same = sequence_of(std::span(tokens).first(stopped.n_tokens));
  EXPECT_EQ(stopped.pending, same.pending);
  EXPECT_EQ(logits_after(generator_, stopped), logits_after(generator_, same));
}

INSTANTIATE_TEST_SUITE_P(Versions, GeneratorTest, testing::Values("v4", "v7"));

}  // namespace
}  // namespace rwkv
