// Blocks of 32 weights as q8, q6 and q4.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "tensor/packed_layout.h"

namespace rwkv {

// Larger weights, and those that are not finite, cannot be quantised: a scale might not fit into f16.
constexpr float kLargestQuantisable = 4.0e6F;

using BlockValues = std::array<float, kQuantBlock>;

struct QuantisedBlock {
  std::array<uint8_t, kQuantBlock> codes;
  uint16_t scale;  // the bits of a finite f16; negative in some blocks of q4
};

// Quantises at most 32 weights, none beyond kLargestQuantisable; missing ones get the code nearest to zero.
// q8, q6: the largest weight becomes ±127 or nearly, ±31 steps of 4, so no error exceeds half a step. q4:
// tries a few scales of both signs (the levels are not symmetric) and takes the one with the least sum of
// squared errors.
QuantisedBlock quantise(DType dtype, std::span<const float> weights);

// The values of the codes.
BlockValues values_of(DType dtype, const QuantisedBlock& block);

// ---- parts of quantise(), for callers with their own measure of error

// Candidate scales, bits of finite f16 other than 0, of a block whose largest magnitude is `largest`. Empty
// when every scale would be 0: all codes are then those of 0.
std::vector<uint16_t> scales_to_try(DType dtype, float largest);
float widen_scale(uint16_t scale);

struct CodeAndValue {
  uint8_t code;
  float value;
};
// The code nearest to a finite weight at a scale other than 0, and its value.
using NearestCode = CodeAndValue (*)(float weight, float scale);
NearestCode nearest_code(DType dtype);

}  // namespace rwkv
