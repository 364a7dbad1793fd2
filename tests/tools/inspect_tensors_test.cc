#include "inspect/tensors.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace rwkv {
namespace {

TensorView view_of(const std::vector<float>& values) {
  return {"t", DType::kF32, {values.size()}, std::as_bytes(std::span(values)), {}};
}

TEST(TensorStatsTest, CountsSpecialValuesAndSumsTheOthers) {
  const std::vector<float> values{3, -4, 0, 1e-40F, INFINITY, -INFINITY, NAN};
  const auto stats = stats_of(view_of(values));
  ASSERT_TRUE(stats);
  EXPECT_EQ(stats->min, -4);
  EXPECT_EQ(stats->max, 3);
  EXPECT_NEAR(stats->mean, -0.25, 1e-12);
  EXPECT_NEAR(stats->rms, 2.5, 1e-12);
  EXPECT_EQ(stats->nan, 1);
  EXPECT_EQ(stats->infinite, 2);
  EXPECT_EQ(stats->subnormal, 1);
  EXPECT_EQ(stats->zero, 1);
}

TEST(TensorStatsTest, SubnormalsAreThoseOfTheDtype) {
  const std::vector<uint16_t> bits{0x0001, 0x0400};  // as f16: 2^-24, 2^-14
  const auto bytes = std::as_bytes(std::span(bits));
  EXPECT_EQ(stats_of({"t", DType::kF16, {2}, bytes, {}})->subnormal, 1);
  EXPECT_EQ(stats_of({"t", DType::kBf16, {2}, bytes, {}})->subnormal, 1);
  EXPECT_FALSE(stats_of({"t", DType::kI16, {2}, bytes, {}}));
}

TEST(TensorStatsTest, OfNothingAreZero) {
  const auto stats = stats_of(view_of({}));
  EXPECT_EQ(stats->min, 0);
  EXPECT_EQ(stats->rms, 0);
}

TEST(TensorDifferenceTest, CountsValuesThatDiffer) {
  const std::vector<float> a{1, 2, NAN, INFINITY, 0}, b{1, 2.5F, NAN, INFINITY, -0.F}, c{1, 2, 3, 4, 0};
  EXPECT_TRUE(difference_of(view_of(a), view_of(a)).same());
  const auto difference = difference_of(view_of(a), view_of(b));
  EXPECT_FALSE(difference.same());
  EXPECT_EQ(difference.n_different, 1);
  EXPECT_EQ(difference.largest, 0.5);
  EXPECT_EQ(difference_of(view_of(a), view_of(c)).n_different, 2);
  EXPECT_TRUE(std::isinf(difference_of(view_of(a), view_of(c)).largest));
}

TEST(TensorDifferenceTest, ValuesAreComparedAcrossFloatDtypesOnly) {
  const std::vector<float> wide{1, 2};
  const std::vector<uint16_t> narrow{0x3f80, 0x4000};  // the same as bf16
  const TensorView a = view_of(wide), b{"t", DType::kBf16, {2}, std::as_bytes(std::span(narrow)), {}};
  TensorView ints = b, reshaped = a;
  ints.dtype = DType::kI16;
  reshaped.shape = {1, 2};
  const auto difference = difference_of(a, b);
  EXPECT_FALSE(difference.same());
  EXPECT_TRUE(difference.compared);
  EXPECT_EQ(difference.n_different, 0);
  EXPECT_FALSE(difference_of(a, ints).compared);
  EXPECT_FALSE(difference_of(a, reshaped).compared);
  EXPECT_TRUE(difference_of(ints, ints).same());
}

}  // namespace
}  // namespace rwkv
