#include "core/checked_math.h"

#include <gtest/gtest.h>

namespace rwkv {
namespace {

constexpr uint64_t kMax = ~uint64_t{0};

TEST(CheckedMath, RefusesOverflow) {
  EXPECT_EQ(checked_mul(3, 5), 15u);
  EXPECT_EQ(checked_add(kMax, 0), kMax);
  EXPECT_THROW(checked_add(kMax, 1), Error);
  EXPECT_THROW(checked_mul(uint64_t{1} << 32, uint64_t{1} << 32), Error);
}

}  // namespace
}  // namespace rwkv
