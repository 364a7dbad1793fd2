#include "kernels/norm.h"

#include <cassert>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/norm.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
// After highway.h
#include "kernels/vec16-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace {

HWY_INLINE void NormalizeGroup(const float* x, const float* gain, const float* bias, float eps, size_t n,
                               float* out) {
  const auto count = static_cast<float>(n);
  const float mean =
      ReduceVec16(x, n, [](auto, auto acc, auto v) HWY_ATTR { return hn::Add(acc, v); }) / count;
  const float var = ReduceVec16(x, n,
                                [mean](auto d, auto acc, auto v) HWY_ATTR {
                                  const auto centred = hn::Sub(v, hn::Set(d, mean));
                                  return hn::MulAdd(centred, centred, acc);
                                }) /
                    count;
  const float scale = 1.0f / std::sqrt(var + eps);
  ForEachVector(n, [&](auto d, size_t i) HWY_ATTR {
    const auto unit = hn::Mul(hn::Sub(hn::LoadU(d, x + i), hn::Set(d, mean)), hn::Set(d, scale));
    hn::StoreU(hn::MulAdd(unit, hn::LoadU(d, gain + i), hn::LoadU(d, bias + i)), d, out + i);
  });
}

void Normalize(std::span<const float> x, const NormWeights& weights, std::span<float> out) {
  const size_t n = x.size() / weights.n_groups;
  for (size_t i = 0; i < x.size(); i += n) {
    NormalizeGroup(&x[i], &weights.gain[i], &weights.bias[i], weights.eps, n, &out[i]);
  }
}

}  // namespace
}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rwkv {
HWY_EXPORT(Normalize);

void normalize(std::span<const float> x, const NormWeights& weights, std::span<float> out) {
  assert(x.size() == out.size() && x.size() == weights.gain.size() && x.size() == weights.bias.size());
  assert(x.size() % weights.n_groups == 0);
  HWY_DYNAMIC_DISPATCH(Normalize)(x, weights, out);
}

}  // namespace rwkv
#endif  // HWY_ONCE
