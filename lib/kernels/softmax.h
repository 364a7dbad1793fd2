// From logits to probabilities.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

namespace rwkv {

// x = e^(x − max) / Σ e^(x − max), in place. At least one element must be finite; −inf gives 0. The same bits
// on every target that has FMA.
void softmax(std::span<float> x);

// The same for a few elements of a longer row whose other elements are -inf, to the bit: x[i] is element
// places[i] of the row. Places ascend.
void softmax(std::span<float> x, std::span<const uint32_t> places);

// The lowest index among the largest elements of x, which is not empty. NaN becomes -inf.
size_t find_largest(std::span<float> x);

// x = (x - largest) / temperature, in double, but at least -1e30, which is still a float with e^x = 0.
void divide_by_temperature(std::span<float> x, float largest, double temperature);

// Probabilities as integers, floor(p * 2^53): their sums do not depend on the order of addition.
inline uint64_t weight_of(float p) { return static_cast<uint64_t>(static_cast<double>(p) * 0x1p53); }
constexpr size_t kWeightsOfSum = 256;
// Writes the sum of weights of each kWeightsOfSum elements of p, none above 1; returns the total.
uint64_t add_weights(std::span<const float> p, std::span<uint64_t> sums);

// Σ e^(x − subtrahend), with exp_of()'s values, added in double and in order.
double sum_exp(std::span<const float> x, float subtrahend);

}  // namespace rwkv
