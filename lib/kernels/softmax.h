// From logits to probabilities.
#pragma once
#include <span>

namespace rwkv {

// x = e^(x − max) / Σ e^(x − max), in place. At least one element must be finite; −inf gives 0. The same bits
// on every target that has FMA.
void softmax(std::span<float> x);

// Σ e^(x − subtrahend), each as exp_of() has it, added up in double and in order.
double sum_exp(std::span<const float> x, float subtrahend);

}  // namespace rwkv
