#include "kernels/wkv5.h"

#include <cassert>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/wkv5.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
// After highway.h
#include "kernels/math-inl.h"
#include "kernels/vec16-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// One head.
struct Head {
  const float *r, *k, *v, *w, *u;
  size_t size;
};

// Values [j, j + registers): a lane is one value channel, summed over the keys in order.
template <size_t kRegisters, class D>
HWY_INLINE void Values(D d, const Head& h, size_t j, float* HWY_RESTRICT S, float* HWY_RESTRICT y) {
  constexpr size_t kWidth = hn::MaxLanes(d);
  hn::Vec<D> v[kRegisters], sum[kRegisters];
  for (size_t n = 0; n < kRegisters; ++n) {
    v[n] = hn::LoadU(d, h.v + j + n * kWidth);
    sum[n] = hn::Zero(d);
  }
  for (size_t i = 0; i < h.size; ++i) {
    const auto r = hn::Set(d, h.r[i]), k = hn::Set(d, h.k[i]), w = hn::Set(d, h.w[i]), u = hn::Set(d, h.u[i]);
    float* HWY_RESTRICT row = S + i * h.size + j;
    for (size_t n = 0; n < kRegisters; ++n) {
      const auto s = hn::LoadU(d, row + n * kWidth);
      const auto kv = hn::Mul(k, v[n]);
      sum[n] = hn::MulAdd(r, hn::MulAdd(u, kv, s), sum[n]);
      hn::StoreU(hn::MulAdd(w, s, kv), d, row + n * kWidth);
    }
  }
  for (size_t n = 0; n < kRegisters; ++n) hn::StoreU(sum[n], d, y + j + n * kWidth);
}

HWY_INLINE void OneHead(const Head& h, float* HWY_RESTRICT S, float* HWY_RESTRICT y) {
  constexpr size_t kRegisters = 4;
  size_t j = 0;
  for (; j + kRegisters * kLanes <= h.size; j += kRegisters * kLanes) Values<kRegisters>(DF(), h, j, S, y);
  for (; j + kLanes <= h.size; j += kLanes) Values<1>(DF(), h, j, S, y);
  for (; j < h.size; ++j) Values<1>(hn::CappedTag<float, 1>(), h, j, S, y);
}

void Wkv5(const Wkv5Input& in, size_t head_size, std::span<float> S, std::span<float> y) {
  for (size_t i = 0; i < y.size(); i += head_size) {
    OneHead({&in.r[i], &in.k[i], &in.v[i], &in.w[i], &in.u[i], head_size}, &S[i * head_size], &y[i]);
  }
}

void Decay6(std::span<const float> base, std::span<const float> x, std::span<float> out) {
  ForEachVector(out.size(), [&](auto d, size_t i) HWY_ATTR {
    const auto log_rate = hn::Add(hn::LoadU(d, &base[i]), hn::LoadU(d, &x[i]));
    hn::StoreU(Exp(d, hn::Neg(Exp(d, log_rate))), d, &out[i]);
  });
}

}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rwkv {
HWY_EXPORT(Wkv5);
HWY_EXPORT(Decay6);

void wkv5(const Wkv5Input& in, size_t head_size, std::span<float> S, std::span<float> y) {
  assert(in.r.size() == y.size() && in.k.size() == y.size() && in.v.size() == y.size());
  assert(in.w.size() == y.size() && in.u.size() == y.size());
  assert(y.size() % head_size == 0 && S.size() == y.size() * head_size);
  HWY_DYNAMIC_DISPATCH(Wkv5)(in, head_size, S, y);
}

void decay6(std::span<const float> base, std::span<const float> x, std::span<float> out) {
  assert(base.size() == out.size() && x.size() == out.size());
  HWY_DYNAMIC_DISPATCH(Decay6)(base, x, out);
}

}  // namespace rwkv
#endif  // HWY_ONCE
