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

TEST(LikelihoodSumTest, KnowsItsErrors) {
  LikelihoodSum sum;
  EXPECT_TRUE(std::isnan(sum.perplexity_error()));
  for (const double log_prob : {-1.0, -2.0, -3.0}) sum.add(log_prob, 1);
  EXPECT_NEAR(sum.perplexity_error(), std::exp(2.0) * std::sqrt(1.0 / 3), 1e-12);
}

TEST(LogitComparisonTest, OfEqualLogitsIsExactlyNothing) {
  const std::vector<float> logits{1, -3, 2.5F};
  LogitComparison comparison;
  comparison.add(logits, logits, 1);
  EXPECT_EQ(comparison.mean_kl(), 0);
  EXPECT_EQ(comparison.top1_share(), 1);
  EXPECT_EQ(comparison.largest_difference(), 0);
}

TEST(LogitComparisonTest, KlIsFromTheOldToTheNew) {
  const auto ln = [](double p) { return static_cast<float>(std::log(p)); };
  const std::vector<float> old_logits{ln(0.5), ln(0.25), ln(0.25)}, new_logits{ln(0.25), ln(0.5), ln(0.25)};
  LogitComparison comparison;
  comparison.add(old_logits, new_logits, 0);
  comparison.add(old_logits, old_logits, std::nullopt);
  EXPECT_NEAR(comparison.mean_kl(), (0.5 * std::log(2.0) - 0.25 * std::log(2.0)) / 2, 1e-6);
  EXPECT_EQ(comparison.top1_share(), 0.5);
  EXPECT_NEAR(comparison.largest_difference(), std::log(2.0), 1e-6);
  EXPECT_EQ(comparison.rows(), 2);
  EXPECT_NEAR(comparison.mean_change(), -0.25, 1e-6);
  EXPECT_NEAR(comparison.rms_change(), 0.25, 1e-6);
}

TEST(LogitComparisonTest, PercentilesAreOfRowsByRank) {
  LogitComparison comparison;
  EXPECT_TRUE(std::isnan(comparison.kl_percentile(50)));
  std::vector<double> each;
  for (int i = 9; i >= 0; --i) {
    const std::vector<float> old_logits{0, 0}, new_logits{static_cast<float>(i), 0};
    LogitComparison one;
    one.add(old_logits, new_logits, std::nullopt);
    each.insert(each.begin(), one.mean_kl());
    comparison.add(old_logits, new_logits, std::nullopt);
  }
  EXPECT_EQ(comparison.kl_percentile(50), each[4]);
  EXPECT_EQ(comparison.kl_percentile(90), each[8]);
  EXPECT_EQ(comparison.kl_percentile(99), each[9]);
  double squares = 0;
  for (const double kl : each) squares += (kl - comparison.mean_kl()) * (kl - comparison.mean_kl());
  EXPECT_NEAR(comparison.kl_error(), std::sqrt(squares / 9 / 10), 1e-12);
}

}  // namespace
}  // namespace rwkv
