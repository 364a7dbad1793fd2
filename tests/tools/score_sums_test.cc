#include "score/sums.h"

#include <gtest/gtest.h>

#include <cmath>

namespace rwkv {
namespace {

TEST(LikelihoodSumTest, KnowsItsUnits) {
  const LikelihoodSum sum{.tokens = 4, .bytes = 10, .nats = 8};
  EXPECT_DOUBLE_EQ(sum.nats_per_token(), 2);
  EXPECT_DOUBLE_EQ(sum.perplexity(), std::exp(2.0));
  EXPECT_DOUBLE_EQ(sum.bits_per_byte(), 0.8 / std::log(2.0));
  EXPECT_TRUE(std::isnan(LikelihoodSum{}.nats_per_token()));
  EXPECT_TRUE(std::isnan(LikelihoodSum{}.perplexity()));
  EXPECT_TRUE(std::isnan(LikelihoodSum{}.bits_per_byte()));
}

TEST(LogitComparisonTest, OfEqualLogitsIsExactlyNothing) {
  const std::vector<float> logits{1, -3, 2.5F};
  LogitComparison comparison;
  comparison.add(logits, logits);
  EXPECT_EQ(comparison.mean_kl(), 0);
  EXPECT_EQ(comparison.top1_share(), 1);
  EXPECT_EQ(comparison.largest_difference(), 0);
}

TEST(LogitComparisonTest, KlIsFromTheOldToTheNew) {
  const auto ln = [](double p) { return static_cast<float>(std::log(p)); };
  const std::vector<float> old_logits{ln(0.5), ln(0.25), ln(0.25)}, new_logits{ln(0.25), ln(0.5), ln(0.25)};
  LogitComparison comparison;
  comparison.add(old_logits, new_logits);
  comparison.add(old_logits, old_logits);
  EXPECT_NEAR(comparison.mean_kl(), (0.5 * std::log(2.0) - 0.25 * std::log(2.0)) / 2, 1e-6);
  EXPECT_EQ(comparison.top1_share(), 0.5);
  EXPECT_NEAR(comparison.largest_difference(), std::log(2.0), 1e-6);
  EXPECT_EQ(comparison.rows(), 2);
}

}  // namespace
}  // namespace rwkv
