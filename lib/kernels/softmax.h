// From logits to probabilities.
#pragma once
#include <span>

namespace rwkv {

// x = e^(x − max) / Σ e^(x − max), in place. At least one element must be finite; −inf gives 0. The same bits
// on every target that has FMA.
void softmax(std::span<float> x);

// e^x by the kernels' polynomial (within 1.5 ulp): unlike libm's, the same bits on every machine with FMA.
float portable_exp(float x);

// Σ portable_exp(x − subtrahend), added up in double and in order.
double sum_exp(std::span<const float> x, float subtrahend);

}  // namespace rwkv
