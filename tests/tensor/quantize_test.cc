#include "tensor/quantize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "tensor/cast.h"

namespace rwkv {
namespace {

std::vector<float> random_weights(size_t n, float size, uint32_t seed = 1) {
  std::mt19937 rng(seed);
  std::normal_distribution<float> normal(0, size);
  std::vector<float> weights(n);
  for (float& w : weights) w = normal(rng);
  return weights;
}

float scale_of(const QuantisedBlock& block) {
  float scale;
  cast_elements(DType::kF16, std::as_bytes(std::span(&block.scale, 1)), DType::kF32,
                std::as_writable_bytes(std::span(&scale, 1)));
  return scale;
}

// Of a block's values, relative to the weights.
double relative_error(const std::vector<float>& weights, const BlockValues& values) {
  double error = 0, size = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    const double w = weights[i];
    error += (w - values[i]) * (w - values[i]);
    size += w * w;
  }
  return std::sqrt(error / size);
}

TEST(Quantize, Q8AndQ6ErrAtMostHalfAStep) {
  for (const auto& [dtype, step] : {std::pair{DType::kQ8, 1.0F}, {DType::kQ6, 4.0F}})
    for (float size = 1e-8F; size < 1e6F; size *= 3) {
      for (uint32_t seed = 0; seed < 20; ++seed) {
        const auto weights = random_weights(seed % 2 == 0 ? 32 : 5, size, seed);
        const QuantisedBlock block = quantise(dtype, weights);
        const BlockValues values = values_of(dtype, block);
        const float bound = std::max(scale_of(block), 0x1p-24F) * step * 0.50001F;
        for (size_t i = 0; i < weights.size(); ++i) ASSERT_NEAR(values[i], weights[i], bound) << size;
      }
    }
}

TEST(Quantize, Q8AndQ6UseTheWholeRange) {
  const auto weights = random_weights(32, 0.02F);
  const auto [least6, most6] = std::ranges::minmax(quantise(DType::kQ6, weights).codes);
  EXPECT_EQ(std::max(most6 - kQ6Zero, kQ6Zero - least6), 31);
  const auto codes = quantise(DType::kQ8, weights).codes;
  const auto [least, most] = std::ranges::minmax(codes);
  EXPECT_GE(std::max(most - kQ8Zero, kQ8Zero - least), 126);
}

TEST(Quantize, Q4IsNearTheBestForNormalWeights) {
  double sum = 0;
  constexpr int kBlocks = 2000;
  for (uint32_t seed = 0; seed < kBlocks; ++seed) {
    const auto weights = random_weights(32, 0.02F, seed);
    sum += std::pow(relative_error(weights, values_of(DType::kQ4, quantise(DType::kQ4, weights))), 2);
  }
  EXPECT_LT(std::sqrt(sum / kBlocks), 0.0745);
}

TEST(Quantize, Q4MirroredWeightsGiveMirroredValues) {
  auto weights = random_weights(32, 1);
  const BlockValues values = values_of(DType::kQ4, quantise(DType::kQ4, weights));
  for (float& w : weights) w = -w;
  const BlockValues mirrored = values_of(DType::kQ4, quantise(DType::kQ4, weights));
  for (size_t i = 0; i < values.size(); ++i) EXPECT_EQ(mirrored[i], -values[i]);
}

TEST(Quantize, BlocksOfOneWeight) {
  for (const float w : {1.0F, -1.0F, 3e5F, -0.001F, 1e-5F, 2e-7F}) {
    const std::vector<float> weights = {w};
    EXPECT_NEAR(values_of(DType::kQ8, quantise(DType::kQ8, weights))[0], w, std::abs(w) / 200 + 0x1p-25F);
    EXPECT_NEAR(values_of(DType::kQ4, quantise(DType::kQ4, weights))[0], w, std::abs(w) / 200 + 0x1p-24F * 8);
    EXPECT_EQ(values_of(DType::kQ8, quantise(DType::kQ8, weights))[1], 0);
  }
}

TEST(Quantize, ZeroTinyAndHugeWeightsStayFinite) {
  for (const float w : {0.0F, -0.0F, 1e-45F, 1e-30F, 0x1p-26F, 0x1p-25F, 1e-6F, kLargestQuantisable}) {
    const std::vector<float> weights = {w, -w, w / 2, 0};
    for (const BlockValues& values : {values_of(DType::kQ8, quantise(DType::kQ8, weights)),
                                      values_of(DType::kQ4, quantise(DType::kQ4, weights))}) {
      for (size_t i = 0; i < weights.size(); ++i)
        EXPECT_NEAR(values[i], weights[i], w * 0.3F + 0x1p-24F) << w;
    }
  }
  EXPECT_EQ(quantise(DType::kQ8, {}).scale, 0);
  EXPECT_EQ(quantise(DType::kQ4, {}).scale, 0);
}

}  // namespace
}  // namespace rwkv
