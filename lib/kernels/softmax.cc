#include "kernels/softmax.h"

#include <algorithm>
#include <cassert>
#include <iterator>
#include <limits>

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

// NaN loses every comparison.
VF LargestLanes(std::span<const float> x) {
  VF largest = hn::Set(DF(), -std::numeric_limits<float>::infinity());
  ForEachVector(x.size(), [&](auto d, size_t i) HWY_ATTR {
    const auto v = hn::LoadU(d, &x[i]);
    if constexpr (hn::MaxLanes(d) == kLanes) {
      largest = hn::IfThenElse(hn::Gt(v, largest), v, largest);
    } else {
      largest = hn::Max(largest, hn::Set(DF(), hn::GetLane(v)));
    }
  });
  return largest;
}
float Largest(std::span<const float> x) { return hn::GetLane(hn::MaxOfLanes(DF(), LargestLanes(x))); }

// x = e^(x - max)
void Exps(std::span<float> x, float max) {
  ForEachVector(x.size(), [&](auto d, size_t i) HWY_ATTR {
    hn::StoreU(Exp(d, hn::Sub(hn::LoadU(d, &x[i]), hn::Set(d, max))), d, &x[i]);
  });
}

void Divide(std::span<float> x, float by) {
  ForEachVector(x.size(), [&](auto d, size_t i) HWY_ATTR {
    hn::StoreU(hn::Div(hn::LoadU(d, &x[i]), hn::Set(d, by)), d, &x[i]);
  });
}

void Softmax(std::span<float> x) {
  Exps(x, Largest(x));
  Divide(x, ReduceVec16(x.data(), x.size(), [](auto, auto acc, auto v) HWY_ATTR { return hn::Add(acc, v); }));
}

// Zeros in between would change no sum.
void SoftmaxAt(std::span<float> x, std::span<const uint32_t> places) {
  Exps(x, Largest(x));
  HWY_ALIGN float lanes[kVec16Lanes] = {};
  for (size_t i = 0; i < x.size(); ++i) lanes[places[i] % kVec16Lanes] += x[i];
  VF parts[kParts];
  for (size_t part = 0; part < kParts; ++part) parts[part] = hn::Load(DF(), lanes + part * kLanes);
  Divide(x, SumVec16(parts));
}

size_t FindLargest(std::span<float> x) {
  constexpr float kLowest = -std::numeric_limits<float>::infinity();
  ForEachVector(x.size(), [&](auto d, size_t i) HWY_ATTR {
    const auto v = hn::LoadU(d, &x[i]);
    hn::StoreU(hn::IfThenElse(hn::IsNaN(v), hn::Set(d, kLowest), v), d, &x[i]);
  });
  const float largest = Largest(x);
  size_t i = 0;
  const VF wanted = hn::Set(DF(), largest);
  while (i + kLanes <= x.size() && hn::AllFalse(DF(), hn::Eq(hn::LoadU(DF(), &x[i]), wanted))) i += kLanes;
  while (x[i] != largest) ++i;
  return i;
}

// Calls f(tag of doubles, i) for vectors that cover [0, n), as ForEachVector() does.
template <class F>
HWY_INLINE void ForEachVectorOfDoubles(size_t n, F&& f) {
  const hn::CappedTag<double, kVec16Lanes> d;
  const hn::CappedTag<double, 1> d1;
  size_t i = 0;
  for (; i + hn::MaxLanes(d) <= n; i += hn::MaxLanes(d)) f(d, i);
  for (; i < n; ++i) f(d1, i);
}

void DivideByTemperature(std::span<float> x, float largest, double temperature) {
  ForEachVectorOfDoubles(x.size(), [&](auto d, size_t i) HWY_ATTR {
    const hn::Rebind<float, decltype(d)> df;
    const auto below = hn::Sub(hn::PromoteTo(d, hn::LoadU(df, &x[i])), hn::Set(d, double{largest}));
    const auto scaled = hn::Max(hn::Div(below, hn::Set(d, temperature)), hn::Set(d, -1e30));
    hn::StoreU(hn::DemoteTo(df, scaled), df, &x[i]);
  });
}

uint64_t AddWeights(std::span<const float> p, std::span<uint64_t> sums) {
  uint64_t total = 0;
  for (size_t first = 0; first < p.size(); first += kWeightsOfSum) {
    const auto part = p.subspan(first, std::min(kWeightsOfSum, p.size() - first));
    uint64_t& sum = sums[first / kWeightsOfSum];
    sum = 0;
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3
    const hn::CappedTag<double, kVec16Lanes> d;
    const hn::Rebind<float, decltype(d)> df;
    const hn::RebindToSigned<decltype(d)> di;
    auto lanes = hn::Zero(di);
    size_t i = 0;
    for (; i + hn::MaxLanes(d) <= part.size(); i += hn::MaxLanes(d)) {
      const auto wide = hn::Mul(hn::PromoteTo(d, hn::LoadU(df, &part[i])), hn::Set(d, 0x1p53));
      lanes = hn::Add(lanes, hn::ConvertTo(di, wide));
    }
    sum = static_cast<uint64_t>(hn::GetLane(hn::SumOfLanes(di, lanes)));
    for (; i < part.size(); ++i) sum += weight_of(part[i]);
#else  // no instruction makes 64-bit integers of several doubles
    for (const float x : part) sum += weight_of(x);
#endif
    total += sum;
  }
  return total;
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
HWY_EXPORT(SoftmaxAt);
HWY_EXPORT(FindLargest);
HWY_EXPORT(DivideByTemperature);
HWY_EXPORT(AddWeights);
HWY_EXPORT(SumExp);

void softmax(std::span<float> x) {
  if (!x.empty()) HWY_DYNAMIC_DISPATCH(Softmax)(x);
}

void softmax(std::span<float> x, std::span<const uint32_t> places) {
  assert(x.size() == places.size());
  if (!x.empty()) HWY_DYNAMIC_DISPATCH(SoftmaxAt)(x, places);
}

size_t find_largest(std::span<float> x) {
  assert(!x.empty());
  return HWY_DYNAMIC_DISPATCH(FindLargest)(x);
}

void divide_by_temperature(std::span<float> x, float largest, double temperature) {
  HWY_DYNAMIC_DISPATCH(DivideByTemperature)(x, largest, temperature);
}

uint64_t add_weights(std::span<const float> p, std::span<uint64_t> sums) {
  assert(sums.size() * kWeightsOfSum >= p.size());
  return HWY_DYNAMIC_DISPATCH(AddWeights)(p, sums);
}

double sum_exp(std::span<const float> x, float subtrahend) {
  return HWY_DYNAMIC_DISPATCH(SumExp)(x, subtrahend);
}

}  // namespace rwkv
#endif  // HWY_ONCE
