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

// A block's weights; those that are missing are 0.
using Block = std::array<float, kQuantBlock>;

Block block_of(std::span<const float> weights) {
  Block block{};
  std::ranges::copy(weights, block.begin());
  return block;
}

// The largest magnitude: the magnitudes of finite floats are ordered as their bits are.
float largest_of(const Block& weights) {
  uint32_t largest = 0;
  for (const float w : weights) largest = std::max(largest, std::bit_cast<uint32_t>(w) & 0x7fff'ffff);
  return std::bit_cast<float>(largest);
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

QuantisedBlock quantise_uniformly(const Block& weights, const UniformCodes& codes) {
  const float largest = largest_of(weights);
  QuantisedBlock block = zero_block(codes.zero);
  if (largest < kSmallestQuantisable * codes.step) return block;
  block.scale = uniform_scale(largest, codes);
  const float step = widen_f16(block.scale) * codes.step;
  for (size_t i = 0; i < kQuantBlock; ++i)
    block.codes[i] = static_cast<uint8_t>(round_to_int(weights[i] / step) + codes.zero);
  return block;
}

BlockValues values_of_uniform(const QuantisedBlock& block, const UniformCodes& codes) {
  BlockValues values;
  const float step = widen_f16(block.scale) * codes.step;
  for (size_t i = 0; i < kQuantBlock; ++i) values[i] = step * static_cast<float>(block.codes[i] - codes.zero);
  return values;
}

CodeAndValue nearest_uniform(float weight, float scale, const UniformCodes& codes) {
  const float step = scale * codes.step, reach = static_cast<float>(codes.largest);
  const int steps = round_to_int(std::clamp(weight / step, -reach, reach));
  return {static_cast<uint8_t>(steps + codes.zero), step * static_cast<float>(steps)};
}

// ---- q4

constexpr int kQ4Zero = static_cast<int>(
    std::ranges::min_element(kQ4Levels, {}, [](int8_t level) { return level < 0 ? -level : level; }) -
    kQ4Levels.begin());

// The code of the level nearest to x / 2, the lower one of two: how many sums of two neighbours are below x.
// Those are whole numbers, so that it is as good to ask of the next whole number from x on.
constexpr int kSumsReach = 256;
constexpr auto kCodes = [] {
  std::array<uint8_t, 2 * kSumsReach + 1> codes{};
  for (size_t place = 0; place < codes.size(); ++place) {
    const int x = static_cast<int>(place) - kSumsReach;
    for (size_t i = 0; i + 1 < kQ4Levels.size(); ++i) codes[place] += x > kQ4Levels[i] + kQ4Levels[i + 1];
  }
  return codes;
}();

// Within the reach of kCodes.
int next_whole_number(float x) {
  const int nearest = round_to_int(x);
  return std::clamp(nearest + static_cast<int>(x > static_cast<float>(nearest)), -kSumsReach, kSumsReach);
}

// The values that the weight of the largest magnitude is tried on, and the same negative.
constexpr std::array kAnchors = {122.0F, 128.0F, 137.0F};
constexpr int kAnchorReach = 138;

// What is added up for a scale and for the same one negative, side by side so that one instruction does for
// both. Two arrays: elements of 8 bytes are addressed without a shift.
using TwoFloats = float __attribute__((vector_size(8)));
constexpr size_t kReachable = 2 * kAnchorReach + 1;
struct NearestLevels {
  std::array<TwoFloats, kReachable> levels;
  std::array<uint64_t, kReachable> squares;  // 32 bits each
};

// The levels nearest to x and to -x, for each whole number x within the anchors' reach.
constexpr auto kNearestLevels = [] {
  NearestLevels nearest{};
  for (size_t place = 0; place < kReachable; ++place) {
    const int x = static_cast<int>(place) - kAnchorReach;
    const auto nearest_to = [](int value) {
      const auto distance = [value](int level) { return level < value ? value - level : level - value; };
      return int{*std::ranges::min_element(kQ4Levels, {}, distance)};
    };
    const int up = nearest_to(x), down = nearest_to(-x);
    nearest.levels[place] = TwoFloats{static_cast<float>(up), static_cast<float>(down)};
    nearest.squares[place] = static_cast<uint64_t>(up * up) | static_cast<uint64_t>(down * down) << 32;
  }
  return nearest;
}();

// How well levels l fit weights w with their best scale Σwl / Σll, which leaves Σww − (Σwl)² / Σll.
struct Fit {
  float wl = 0, ll = 0;
  float gain() const { return ll > 0 ? wl * wl / ll : 0; }
};

// With levels nearest to w times each anchor / largest, and times the same negative. Σll is exact in any
// order; Σwl has the order of the weights. All anchors in one loop, since a sum waits for the one before.
std::array<Fit, 2 * kAnchors.size()> fits_of(const Block& weights, size_t n_weights, float largest) {
  constexpr size_t kN = kAnchors.size();
  std::array<std::array<int32_t, kQuantBlock>, kN> index;
  for (size_t a = 0; a < kN; ++a) {
    const float inverse_scale = kAnchors[a] / largest;
    for (size_t i = 0; i < kQuantBlock; ++i)
      index[a][i] = round_to_int(weights[i] * inverse_scale) + kAnchorReach;
  }
  std::array<TwoFloats, kN> wl = {};
  std::array<uint64_t, kN> ll = {};
  for (size_t i = 0; i < n_weights; ++i) {
    for (size_t a = 0; a < kN; ++a) {
      const auto place = static_cast<size_t>(index[a][i]);
      wl[a] += weights[i] * kNearestLevels.levels[place];
      ll[a] += kNearestLevels.squares[place];
    }
  }
  std::array<Fit, 2 * kN> fits;
  for (size_t a = 0; a < kN; ++a) {
    fits[2 * a] = {wl[a][0], static_cast<float>(ll[a] & 0xffff'ffff)};
    fits[2 * a + 1] = {wl[a][1], static_cast<float>(ll[a] >> 32)};
  }
  return fits;
}

float best_q4_scale(const Block& weights, size_t n_weights, float largest) {
  Fit best;
  for (const Fit& fit : fits_of(weights, n_weights, largest)) {
    if (fit.gain() > best.gain()) best = fit;
  }
  return best.ll > 0 ? best.wl / best.ll : 0;
}

QuantisedBlock with_q4_scale(const Block& weights, uint16_t scale_bits) {
  QuantisedBlock block = zero_block(kQ4Zero);
  const float scale = widen_f16(scale_bits);
  if (scale == 0) return block;
  block.scale = scale_bits;
  std::array<int32_t, kQuantBlock> index;
  for (size_t i = 0; i < kQuantBlock; ++i)
    index[i] = next_whole_number(2 * (weights[i] / scale)) + kSumsReach;
  for (size_t i = 0; i < kQuantBlock; ++i) block.codes[i] = kCodes[static_cast<size_t>(index[i])];
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

QuantisedBlock quantise_q4(const Block& weights, size_t n_weights) {
  const float largest = largest_of(weights);
  if (largest < kSmallestQuantisable) return zero_block(kQ4Zero);
  const float scale = best_q4_scale(weights, n_weights, largest);
  const uint16_t nearest = narrow_f16(scale);
  const QuantisedBlock block = with_q4_scale(weights, nearest);
  if (std::abs(scale) >= kSmallestNormalF16) return block;
  // Subnormal scales are coarse: the next one may be the better.
  const QuantisedBlock larger = with_q4_scale(weights, static_cast<uint16_t>(nearest + 1));
  const auto given = std::span(weights).first(n_weights);
  return squared_error(given, larger) < squared_error(given, block) ? larger : block;
}

CodeAndValue nearest_q4(float weight, float scale) {
  constexpr float kReach = (kSumsReach + 2) / 2.0F;
  const float levels = std::clamp(weight / scale, -kReach, kReach);
  const int index = next_whole_number(2 * levels) + kSumsReach;
  const uint8_t code = kCodes[static_cast<size_t>(index)];
  return {code, scale * static_cast<float>(kQ4Levels[code])};
}

// ---- every quantised type

struct Encoding {
  DType dtype;
  QuantisedBlock (*quantise)(const Block& weights, size_t n_weights);
  BlockValues (*values_of)(const QuantisedBlock& block);
  NearestCode nearest;
  // Multiples of the scale that the largest weight of a block may become.
  std::span<const float> tried_scales;
};

// Some exceed the largest code: the largest weight is then clipped, and the step is finer.
constexpr std::array kTriedQ8 = {127.0F, 133.0F};
constexpr std::array kTriedQ6 = {124.0F, 130.0F, 137.0F, 145.0F};
constexpr std::array kTriedQ4 = {90.0F,   100.0F,  108.0F,  115.0F,  121.0F,  127.0F,  133.0F,
                                 140.0F,  148.0F,  160.0F,  -90.0F,  -100.0F, -108.0F, -115.0F,
                                 -121.0F, -127.0F, -133.0F, -140.0F, -148.0F, -160.0F};

template <const UniformCodes& kCodes>
constexpr Encoding uniform_encoding(DType dtype, std::span<const float> tried_scales) {
  return {dtype, [](const Block& weights, size_t) { return quantise_uniformly(weights, kCodes); },
          [](const QuantisedBlock& block) { return values_of_uniform(block, kCodes); },
          [](float weight, float scale) { return nearest_uniform(weight, scale, kCodes); }, tried_scales};
}

// In the order of the enum.
constexpr std::array kEncodings = {uniform_encoding<kQ8Codes>(DType::kQ8, kTriedQ8),
                                   uniform_encoding<kQ6Codes>(DType::kQ6, kTriedQ6),
                                   Encoding{DType::kQ4, quantise_q4, values_of_q4, nearest_q4, kTriedQ4}};

constexpr const Encoding& encoding_of(DType dtype) {
  return kEncodings[static_cast<size_t>(dtype) - static_cast<size_t>(kEncodings.front().dtype)];
}
static_assert(std::ranges::all_of(kDTypes, [](const DTypeInfo& info) {
  return !is_quantised(info.dtype) || encoding_of(info.dtype).dtype == info.dtype;
}));

constexpr uint16_t kLargestF16 = 0x7bff, kF16Sign = 0x8000;

}  // namespace

QuantisedBlock quantise(DType dtype, std::span<const float> weights) {
  return encoding_of(dtype).quantise(block_of(weights), weights.size());
}

BlockValues values_of(DType dtype, const QuantisedBlock& block) {
  return encoding_of(dtype).values_of(block);
}

std::vector<uint16_t> scales_to_try(DType dtype, float largest) {
  std::vector<uint16_t> scales;
  for (const float n_scales : encoding_of(dtype).tried_scales) {
    const uint16_t nearest = narrow_f16(largest / n_scales);
    const uint16_t scale = std::min<uint16_t>(nearest & ~kF16Sign, kLargestF16) | (nearest & kF16Sign);
    if (widen_f16(scale) != 0 && std::ranges::find(scales, scale) == scales.end()) scales.push_back(scale);
  }
  return scales;
}

float widen_scale(uint16_t scale) { return widen_f16(scale); }

NearestCode nearest_code(DType dtype) { return encoding_of(dtype).nearest; }

}  // namespace rwkv
