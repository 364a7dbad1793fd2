// Layer norm and its form by groups.
#pragma once
#include <cstddef>
#include <span>

namespace rwkv {

// out = (x − mean) / sqrt(var + eps) ⊙ gain + bias, var over n (not n − 1). Each of n_groups equal parts of x
// has its own mean and variance (1 group: layer norm; one a head: group norm). out may be x. The same bits on
// every target that has FMA.
struct NormWeights {
  std::span<const float> gain, bias;
  float eps;
  size_t n_groups = 1;
};
void normalize(std::span<const float> x, const NormWeights& weights, std::span<float> out);

}  // namespace rwkv
