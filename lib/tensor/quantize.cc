#include "tensor/quantize.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "tensor/cast.h"

namespace rwkv {
namespace {

// Weights below half the smallest f16 are nearer to 0 than to any other value that a code can have.
constexpr float kSmallestQuantisable = 0x1p-25F;
constexpr float kSmallestNormalF16 = 0x1p-14F;

// q8 and q6: codes, each worth so many scales, from which `zero` is taken.
struct UniformCodes {
  int zero, largest;
  float step;
};
constexpr UniformCodes kQ8Codes = {kQ8Zero, 127, 1}, kQ6Codes = {kQ6Zero, 31, 4};

float widen_f16(uint16_t bits) {
  float value;
  cast_elements(DType::kF16, std::as_bytes(std::span(&bits, 1)), DType::kF32,
                std::as_writable_bytes(std::span(&value, 1)));
  return value;
}

uint16_t narrow_f16(float value) {
  uint16_t bits;
  cast_elements(DType::kF32, std::as_bytes(std::span(&value, 1)), DType::kF16,
                std::as_writable_bytes(std::span(&bits, 1)));
  return bits;
}

float largest_of(std::span<const float> weights) {
  float largest = 0;
  for (const float w : weights) largest = std::max(largest, std::abs(w));
  return largest;
}

// To nearest, ties to even, |x| < 2^22: the addition drops the fraction. std::lrint is a call on some
// targets.
int round_to_int(float x) {
  constexpr float kNoFraction = 0x1.8p23F;
  return std::bit_cast<int32_t>(x + kNoFraction) - std::bit_cast<int32_t>(kNoFraction);
}

QuantisedBlock zero_block(int code) {
  QuantisedBlock block{{}, 0};
  block.codes.fill(static_cast<uint8_t>(code));
  return block;
}

// ---- q8, q6

// The f16 that makes the largest weight the largest code, or the next one where it would be beyond.
uint16_t uniform_scale(float largest, const UniformCodes& codes) {
  const float scales = static_cast<float>(codes.largest) * codes.step;
  const uint16_t nearest = narrow_f16(largest / scales);
  return largest > widen_f16(nearest) * (scales + 0.49F * codes.step) ? static_cast<uint16_t>(nearest + 1)
                                                                      : nearest;
}

QuantisedBlock quantise_uniformly(std::span<const float> weights, const UniformCodes& codes) {
  const float largest = largest_of(weights);
  QuantisedBlock block = zero_block(codes.zero);
  if (largest < kSmallestQuantisable * codes.step) return block;
  block.scale = uniform_scale(largest, codes);
  const float step = widen_f16(block.scale) * codes.step;
  for (size_t i = 0; i < weights.size(); ++i)
    block.codes[i] = static_cast<uint8_t>(round_to_int(weights[i] / step) + codes.zero);
  return block;
}

BlockValues values_of_uniform(const QuantisedBlock& block, const UniformCodes& codes) {
  BlockValues values;
  const float step = widen_f16(block.scale) * codes.step;
  for (size_t i = 0; i < kQuantBlock; ++i) values[i] = step * static_cast<float>(block.codes[i] - codes.zero);
  return values;
}

// ---- q4

constexpr int kQ4Zero = static_cast<int>(
    std::ranges::min_element(kQ4Levels, {}, [](int8_t level) { return level < 0 ? -level : level; }) -
    kQ4Levels.begin());

int nearest_code(float x) {
  int code = 0;
  for (size_t i = 0; i + 1 < kQ4Levels.size(); ++i)
    code += 2 * x > static_cast<float>(kQ4Levels[i] + kQ4Levels[i + 1]);
  return code;
}

// The values that the weight of the largest magnitude is tried on.
constexpr std::array kAnchors = {122.0F, -122.0F, 128.0F, -128.0F, 137.0F, -137.0F};
constexpr int kAnchorReach = 138;

// The level nearest to each whole number within the anchors' reach.
constexpr auto kNearestLevels = [] {
  std::array<float, 2 * kAnchorReach + 1> nearest{};
  for (int x = -kAnchorReach; x <= kAnchorReach; ++x) {
    const auto distance = [x](int level) { return level < x ? x - level : level - x; };
    const int index = x + kAnchorReach;
    nearest[static_cast<size_t>(index)] = *std::ranges::min_element(kQ4Levels, {}, distance);
  }
  return nearest;
}();

// How well levels l fit weights w with their best scale Σwl / Σll, which leaves Σww − (Σwl)² / Σll.
struct Fit {
  float wl = 0, ll = 0;
  float gain() const { return ll > 0 ? wl * wl / ll : 0; }
};

Fit fit_of(std::span<const float> weights, float inverse_scale) {
  Fit fit;
  for (const float w : weights) {
    const int index = round_to_int(w * inverse_scale) + kAnchorReach;
    const float level = kNearestLevels[static_cast<size_t>(index)];
    fit.wl += w * level;
    fit.ll += level * level;
  }
  return fit;
}

float best_q4_scale(std::span<const float> weights, float largest) {
  Fit best;
  for (const float anchor : kAnchors) {
    const Fit fit = fit_of(weights, anchor / largest);
    if (fit.gain() > best.gain()) best = fit;
  }
  return best.ll > 0 ? best.wl / best.ll : 0;
}

QuantisedBlock with_q4_scale(std::span<const float> weights, uint16_t scale_bits) {
  QuantisedBlock block = zero_block(kQ4Zero);
  const float scale = widen_f16(scale_bits);
  if (scale == 0) return block;
  block.scale = scale_bits;
  for (size_t i = 0; i < weights.size(); ++i)
    block.codes[i] = static_cast<uint8_t>(nearest_code(weights[i] / scale));
  return block;
}

BlockValues values_of_q4(const QuantisedBlock& block) {
  BlockValues values;
  const float scale = widen_f16(block.scale);
  for (size_t i = 0; i < kQuantBlock; ++i) values[i] = scale * static_cast<float>(kQ4Levels[block.codes[i]]);
  return values;
}

double squared_error(std::span<const float> weights, const QuantisedBlock& block) {
  const BlockValues values = values_of_q4(block);
  double sum = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    const double error = static_cast<double>(weights[i]) - static_cast<double>(values[i]);
    sum += error * error;
  }
  return sum;
}

QuantisedBlock quantise_q4(std::span<const float> weights) {
  const float largest = largest_of(weights);
  if (largest < kSmallestQuantisable) return zero_block(kQ4Zero);
  const float scale = best_q4_scale(weights, largest);
  const uint16_t nearest = narrow_f16(scale);
  const QuantisedBlock block = with_q4_scale(weights, nearest);
  if (std::abs(scale) >= kSmallestNormalF16) return block;
  // Subnormal scales are coarse: the next one may be the better.
  const QuantisedBlock larger = with_q4_scale(weights, static_cast<uint16_t>(nearest + 1));
  return squared_error(weights, larger) < squared_error(weights, block) ? larger : block;
}

// ---- every quantised type

struct Encoding {
  DType dtype;
  QuantisedBlock (*quantise)(std::span<const float> weights);
  BlockValues (*values_of)(const QuantisedBlock& block);
};

template <const UniformCodes& kCodes>
constexpr Encoding uniform_encoding(DType dtype) {
  return {dtype, [](std::span<const float> weights) { return quantise_uniformly(weights, kCodes); },
          [](const QuantisedBlock& block) { return values_of_uniform(block, kCodes); }};
}

// In the order of the enum.
constexpr std::array kEncodings = {uniform_encoding<kQ8Codes>(DType::kQ8),
                                   uniform_encoding<kQ6Codes>(DType::kQ6),
                                   Encoding{DType::kQ4, quantise_q4, values_of_q4}};

constexpr const Encoding& encoding_of(DType dtype) {
  return kEncodings[static_cast<size_t>(dtype) - static_cast<size_t>(kEncodings.front().dtype)];
}
static_assert(std::ranges::all_of(kDTypes, [](const DTypeInfo& info) {
  return !is_quantised(info.dtype) || encoding_of(info.dtype).dtype == info.dtype;
}));

}  // namespace

QuantisedBlock quantise(DType dtype, std::span<const float> weights) {
  return encoding_of(dtype).quantise(weights);
}

BlockValues values_of(DType dtype, const QuantisedBlock& block) {
  return encoding_of(dtype).values_of(block);
}

}  // namespace rwkv
