// The virtual vector of 16 lanes in which every reduction is written, so that results do not depend on the
// machine's register width. Included once for each SIMD target.
#include <cstddef>
#include <cstring>

#include "hwy/highway.h"

// Included again for each target, hence no #pragma once.
#if defined(RWKV_KERNELS_VEC16_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RWKV_KERNELS_VEC16_INL_H_
#undef RWKV_KERNELS_VEC16_INL_H_
#else
#define RWKV_KERNELS_VEC16_INL_H_
#endif

#ifdef __FAST_MATH__
#error \
    "-ffast-math reorders sums and denies infinities: results would be neither right nor the same everywhere"
#endif

HWY_BEFORE_NAMESPACE();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr size_t kVec16Lanes = 16;
using DF = hn::CappedTag<float, kVec16Lanes>;
using VF = hn::Vec<DF>;
constexpr size_t kLanes = hn::MaxLanes(DF());
constexpr size_t kParts = kVec16Lanes / kLanes;  // registers that hold the 16 lanes

// Calls f(tag, i) for vectors that cover [0, n): whole registers, then single lanes. Only for operations on
// each lane, whose results do not depend on the width.
template <class F>
HWY_INLINE void ForEachVector(size_t n, F&& f) {
  const DF d;
  const hn::CappedTag<float, 1> d1;
  size_t i = 0;
  for (; i + kLanes <= n; i += kLanes) f(d, i);
  for (; i < n; ++i) f(d1, i);
}

// The sum of the lanes of one register: l + (l + half) first, then halves of that, down to one.
#if HWY_TARGET == HWY_SCALAR
HWY_INLINE float SumLanes(DF, VF v) { return hn::GetLane(v); }
#else
template <class D>
HWY_INLINE float SumLanes(D d, hn::Vec<D> v) {
  if constexpr (hn::MaxLanes(d) > 4) {
    const hn::Half<D> half;
    return SumLanes(half, hn::Add(hn::LowerHalf(half, v), hn::UpperHalf(half, v)));
  } else {
    HWY_ALIGN float lanes[4];
    hn::Store(v, d, lanes);
    return (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]);
  }
}
#endif

// The sum of the 16 lanes in `parts`, by the same tree on every target. Overwrites parts.
HWY_INLINE float SumVec16(VF* HWY_RESTRICT parts) {
  for (size_t n = kParts / 2; n > 0; n /= 2) {
    for (size_t i = 0; i < n; ++i) parts[i] = hn::Add(parts[i], parts[i + n]);
  }
  return SumLanes(DF(), parts[0]);
}

// sums[i] = the sum of the 16 lanes at lanes[i], with the bits of SumVec16(), four at once.
HWY_INLINE void SumFourVec16(const float (*HWY_RESTRICT lanes)[kVec16Lanes], float* HWY_RESTRICT sums) {
#if HWY_TARGET == HWY_SCALAR
  for (size_t i = 0; i < 4; ++i) {
    VF parts[kParts];
    for (size_t part = 0; part < kParts; ++part) parts[part] = hn::Load(DF(), lanes[i] + part);
    sums[i] = SumVec16(parts);
  }
#else
  // Lanes l, l + 4, l + 8 and l + 12 of each in one register of four.
  const hn::CappedTag<float, 4> d4;
  hn::Vec<decltype(d4)> four[4];
  for (size_t i = 0; i < 4; ++i) {
    four[i] = hn::Add(hn::Add(hn::Load(d4, lanes[i]), hn::Load(d4, lanes[i] + 8)),
                      hn::Add(hn::Load(d4, lanes[i] + 4), hn::Load(d4, lanes[i] + 12)));
  }
  const auto s01 =
      hn::Add(hn::ConcatLowerLower(d4, four[1], four[0]), hn::ConcatUpperUpper(d4, four[1], four[0]));
  const auto s23 =
      hn::Add(hn::ConcatLowerLower(d4, four[3], four[2]), hn::ConcatUpperUpper(d4, four[3], four[2]));
  hn::StoreU(hn::Add(hn::ConcatEven(d4, s23, s01), hn::ConcatOdd(d4, s23, s01)), d4, sums);
#endif
}

// The sum over [0, n) of what f adds: element i goes to lane i mod 16. f(d, acc, v) returns acc plus the
// contribution of v's lanes. Lanes past n keep their sum unchanged.
template <class F>
HWY_INLINE float ReduceVec16(const float* HWY_RESTRICT p, size_t n, F&& f) {
  const DF d;
  VF acc[kParts];
  for (auto& a : acc) a = hn::Zero(d);
  size_t i = 0;
  for (; i + kVec16Lanes <= n; i += kVec16Lanes) {
    for (size_t part = 0; part < kParts; ++part)
      acc[part] = f(d, acc[part], hn::LoadU(d, p + i + part * kLanes));
  }
  for (size_t part = 0; i + part * kLanes < n; ++part) {
    HWY_ALIGN float rest[kLanes];
    const size_t begin = i + part * kLanes, count = HWY_MIN(kLanes, n - begin);
    std::memcpy(rest, p + begin, count * sizeof(float));
    const auto mask = hn::FirstN(d, count);
    for (size_t lane = count; lane < kLanes; ++lane) rest[lane] = 0.0f;
    acc[part] = hn::IfThenElse(mask, f(d, acc[part], hn::Load(d, rest)), acc[part]);
  }
  return SumVec16(acc);
}

}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // RWKV_KERNELS_VEC16_INL_H_
