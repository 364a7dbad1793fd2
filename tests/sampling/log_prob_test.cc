#include "sampling/log_prob.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace rwkv {
namespace {

TEST(LogProb, SumsToOne) {
  const std::vector<float> logits{0.5F, -2, 3, -std::numeric_limits<float>::infinity(), 90};
  double sum = 0;
  for (uint32_t i = 0; i < logits.size(); ++i) sum += std::exp(log_prob(logits, i));
  EXPECT_NEAR(sum, 1, 1e-7);
  EXPECT_EQ(std::exp(log_prob(logits, 3)), 0);
}

TEST(LogProb, IsRightForEqualLogits) {
  const std::vector<float> logits(8, -300.F);
  EXPECT_NEAR(log_prob(logits, 5), -std::log(8.0), 1e-12);
}

TEST(LogProb, TopIsSortedWithLowIdsFirstAmongEquals) {
  const std::vector<float> logits{1, 3, 2, 3};
  const auto top = top_log_probs(logits, 3);
  ASSERT_EQ(top.size(), 3);
  EXPECT_EQ(top[0].token, 1);
  EXPECT_EQ(top[1].token, 3);
  EXPECT_EQ(top[2].token, 2);
  EXPECT_EQ(top[0].log_prob, log_prob(logits, 1));
  EXPECT_EQ(top_log_probs(logits, 9).size(), 4);
}

}  // namespace
}  // namespace rwkv
