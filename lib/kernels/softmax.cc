#include "kernels/softmax.h"

#include <algorithm>
#include <iterator>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/softmax.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
// After highway.h
#include "kernels/math-inl.h"
#include "kernels/vec16-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace {

void Softmax(std::span<float> x) {
  const float max = *std::max_element(x.begin(), x.end());
  ForEachVector(x.size(), [&](auto d, size_t i) HWY_ATTR {
    hn::StoreU(Exp(d, hn::Sub(hn::LoadU(d, &x[i]), hn::Set(d, max))), d, &x[i]);
  });
  const float sum =
      ReduceVec16(x.data(), x.size(), [](auto, auto acc, auto v) HWY_ATTR { return hn::Add(acc, v); });
  ForEachVector(x.size(), [&](auto d, size_t i) HWY_ATTR {
    hn::StoreU(hn::Div(hn::LoadU(d, &x[i]), hn::Set(d, sum)), d, &x[i]);
  });
}

double SumExp(std::span<const float> x, float subtrahend) {
  double sum = 0;
  float exps[256];
  for (size_t begin = 0; begin < x.size(); begin += std::size(exps)) {
    const auto part = x.subspan(begin, std::min(x.size() - begin, std::size(exps)));
    ForEachVector(part.size(), [&](auto d, size_t i) HWY_ATTR {
      hn::StoreU(Exp(d, hn::Sub(hn::LoadU(d, &part[i]), hn::Set(d, subtrahend))), d, &exps[i]);
    });
    for (size_t i = 0; i < part.size(); ++i) sum += static_cast<double>(exps[i]);
  }
  return sum;
}

}  // namespace
}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rwkv {
HWY_EXPORT(Softmax);
HWY_EXPORT(SumExp);

void softmax(std::span<float> x) {
  if (!x.empty()) HWY_DYNAMIC_DISPATCH(Softmax)(x);
}

double sum_exp(std::span<const float> x, float subtrahend) {
  return HWY_DYNAMIC_DISPATCH(SumExp)(x, subtrahend);
}

}  // namespace rwkv
#endif  // HWY_ONCE
