#include "sampling/rng.h"

#include <gtest/gtest.h>

#include <array>

namespace rwkv {
namespace {

constexpr int kDraws = 100'000, kBuckets = 100;
constexpr double kChiSquareLimit = 148.2;  // 99 degrees of freedom, exceeded once in a thousand

template <class Number>
double chi_square_of(Number&& number) {
  std::array<int, kBuckets> counts{};
  for (int i = 0; i < kDraws; ++i) ++counts.at(static_cast<size_t>(number(i) * kBuckets));
  double sum = 0;
  for (const int n : counts)
    sum += (n - kDraws / kBuckets) * double(n - kDraws / kBuckets) / (kDraws / kBuckets);
  return sum;
}

TEST(Uniform, IsUniformAlongPositionsAndAlongSeeds) {
  EXPECT_LT(chi_square_of([](int i) { return uniform(7, static_cast<uint64_t>(i)); }), kChiSquareLimit);
  EXPECT_LT(chi_square_of([](int i) { return uniform(static_cast<uint64_t>(i), 0); }), kChiSquareLimit);
}

TEST(Uniform, NearbySeedsAreNotMovedCopies) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    for (uint64_t move = 0; move < 10; ++move) EXPECT_NE(uniform(seed + 1, 20), uniform(seed, 15 + move));
  }
}

// A change of these breaks the promise that a seed names a text.
TEST(Uniform, IsFixedForever) {
  EXPECT_EQ(uniform(0, 0), 0x1.4e0dba5e9a32fp-1);
  EXPECT_EQ(uniform(1, 0), 0x1.7906ac21d0e58p-2);
  EXPECT_EQ(uniform(0, 1), 0x1.6705460be8829p-1);
}

TEST(Uniform, StaysBelowOne) {
  for (uint64_t i = 0; i < 1000; ++i) {
    EXPECT_GE(uniform(i, i), 0);
    EXPECT_LT(uniform(i, i), 1);
  }
}

}  // namespace
}  // namespace rwkv
