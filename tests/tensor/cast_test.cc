#include "tensor/cast.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace rwkv {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

template <class To, class From>
To cast_one(DType from, From value, DType to, size_t* n_overflowed = nullptr) {
  To result;
  const size_t n = cast_elements(from, std::as_bytes(std::span(&value, 1)), to,
                                 std::as_writable_bytes(std::span(&result, 1)));
  if (n_overflowed != nullptr) *n_overflowed = n;
  return result;
}

uint16_t narrow(double value, DType to) { return cast_one<uint16_t>(DType::kF64, value, to); }
uint16_t narrow_f32(float value, DType to) { return cast_one<uint16_t>(DType::kF32, value, to); }

// The value by the definition of the format.
double value_of(uint16_t bits, int exponent_bits) {
  const int fraction_bits = 15 - exponent_bits, bias = (1 << (exponent_bits - 1)) - 1;
  const int exponent = (bits & 0x7fff) >> fraction_bits, fraction = bits & ((1 << fraction_bits) - 1);
  const double sign = (bits & 0x8000) != 0 ? -1 : 1;
  if (exponent == (1 << exponent_bits) - 1) return fraction == 0 ? sign * kInf : std::nan("");
  const int implied = exponent == 0 ? 0 : 1 << fraction_bits;
  return sign * std::ldexp(implied + fraction, std::max(exponent, 1) - bias - fraction_bits);
}

class Narrow : public testing::TestWithParam<std::pair<DType, int>> {};
INSTANTIATE_TEST_SUITE_P(Cast, Narrow,
                         testing::Values(std::pair{DType::kF16, 5}, std::pair{DType::kBf16, 8}));

TEST_P(Narrow, EveryValueIsExactBothWays) {
  const auto [dtype, exponent_bits] = GetParam();
  for (uint32_t bits = 0; bits <= 0xffff; ++bits) {
    const auto narrow_bits = static_cast<uint16_t>(bits);
    const double value = value_of(narrow_bits, exponent_bits);
    const auto wide = cast_one<double>(dtype, narrow_bits, DType::kF64);
    if (std::isnan(value)) {
      EXPECT_TRUE(std::isnan(wide) && std::isnan(cast_one<float>(dtype, narrow_bits, DType::kF32)));
      EXPECT_TRUE(std::isnan(value_of(narrow(wide, dtype), exponent_bits)));
      continue;
    }
    ASSERT_EQ(std::bit_cast<uint64_t>(wide), std::bit_cast<uint64_t>(value)) << bits;
    ASSERT_EQ(narrow(wide, dtype), bits);
    ASSERT_EQ(narrow_f32(static_cast<float>(wide), dtype), bits);
  }
}

// Between each two neighbours: the middle goes to the even one, what is beside it to the nearer one. Behind
// the largest finite value comes infinity, as if the exponents went on.
TEST_P(Narrow, RoundsToNearestEven) {
  const auto [dtype, exponent_bits] = GetParam();
  const uint32_t infinity = ((1u << exponent_bits) - 1) << (15 - exponent_bits);
  for (uint32_t bits = 0; bits < infinity; ++bits) {
    const double low = value_of(static_cast<uint16_t>(bits), exponent_bits);
    const double gap = bits + 1 < infinity ? value_of(static_cast<uint16_t>(bits + 1), exponent_bits) - low
                                           : low - value_of(static_cast<uint16_t>(bits - 1), exponent_bits);
    const double middle = low + gap / 2;
    const uint32_t even = bits + (bits & 1);
    ASSERT_EQ(narrow(middle, dtype), even) << bits;
    ASSERT_EQ(narrow(-middle, dtype), even | 0x8000) << bits;
    ASSERT_EQ(narrow(std::nextafter(middle, 0.0), dtype), bits);
    ASSERT_EQ(narrow(std::nextafter(middle, kInf), dtype), bits + 1);
    const auto single = static_cast<float>(middle);
    if (static_cast<double>(single) != middle) continue;  // bf16's least: below f32's
    ASSERT_EQ(narrow_f32(single, dtype), even) << bits;
    ASSERT_EQ(narrow_f32(std::nextafterf(single, 0.0F), dtype), bits);
    ASSERT_EQ(narrow_f32(std::nextafterf(single, INFINITY), dtype), bits + 1);
  }
}

TEST(Cast, DoubleToSingle) {
  EXPECT_EQ(cast_one<float>(DType::kF64, 1.0 + 0x1p-24, DType::kF32), 1.0F);
  EXPECT_EQ(cast_one<float>(DType::kF64, 1.0 + 0x1.8p-23, DType::kF32), 1.0F + 0x1p-22F);
  EXPECT_EQ(cast_one<double>(DType::kF32, 0x1p-149F, DType::kF64), 0x1p-149);
}

TEST(Cast, ExtremesOfDoubleAreRoundedOnce) {
  EXPECT_EQ(narrow(1e300, DType::kBf16), 0x7f80);
  EXPECT_EQ(narrow(-1e-300, DType::kBf16), 0x8000);
  EXPECT_EQ(narrow(std::nextafter(0x1p-134, kInf), DType::kBf16), 1) << "just above half of the smallest";
  EXPECT_EQ(narrow(0x1p-134, DType::kBf16), 0);
}

TEST(Cast, CountsFiniteElementsThatOverflow) {
  const std::vector<float> in = {1, 65520, INFINITY, NAN, -1e9F, 65519};
  std::vector<uint16_t> out(in.size());
  EXPECT_EQ(cast_elements(DType::kF32, std::as_bytes(std::span(in)), DType::kF16,
                          std::as_writable_bytes(std::span(out))),
            2u);
  EXPECT_EQ(out[1], 0x7c00);
  EXPECT_EQ(out[4], 0xfc00);
  EXPECT_EQ(out[5], 0x7bff);
  size_t n = 0;
  EXPECT_EQ(cast_one<float>(DType::kF64, 1e300, DType::kF32, &n), INFINITY);
  EXPECT_EQ(n, 1u);
}

}  // namespace
}  // namespace rwkv
