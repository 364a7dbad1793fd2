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
namespace {

// Values [j, j + registers) of a head whose parts begin at channel `first`: a lane is one value channel,
// summed over the keys in order.
template <size_t kRegisters, class D>
HWY_INLINE void Values(D d, const Wkv5Input& in, size_t first, size_t size, size_t j, float* HWY_RESTRICT S,
                       const MatSpan<float>& y) {
  constexpr size_t kWidth = hn::MaxLanes(d);
  const float* HWY_RESTRICT pu = &in.u[first];
  for (size_t t = 0; t < y.rows; ++t) {
    const float* HWY_RESTRICT pr = in.r.row_data(t) + first;
    const float* HWY_RESTRICT pk = in.k.row_data(t) + first;
    const float* HWY_RESTRICT pw = in.w.row_data(t) + first;
    hn::Vec<D> v[kRegisters], sum[kRegisters];
    for (size_t n = 0; n < kRegisters; ++n) {
      v[n] = hn::LoadU(d, in.v.row_data(t) + first + j + n * kWidth);
      sum[n] = hn::Zero(d);
    }
    for (size_t i = 0; i < size; ++i) {
      const auto r = hn::Set(d, pr[i]), k = hn::Set(d, pk[i]), w = hn::Set(d, pw[i]), u = hn::Set(d, pu[i]);
      float* HWY_RESTRICT row = S + i * size + j;
      for (size_t n = 0; n < kRegisters; ++n) {
        const auto s = hn::LoadU(d, row + n * kWidth);
        const auto kv = hn::Mul(k, v[n]);
        sum[n] = hn::MulAdd(r, hn::MulAdd(u, kv, s), sum[n]);
        hn::StoreU(hn::MulAdd(w, s, kv), d, row + n * kWidth);
      }
    }
    for (size_t n = 0; n < kRegisters; ++n) hn::StoreU(sum[n], d, y.row_data(t) + first + j + n * kWidth);
  }
}

// Head by head, all tokens of each, so that its S stays in the first-level cache.
void Wkv5(const Wkv5Input& in, size_t head_size, std::span<float> all, const MatSpan<float>& y) {
  constexpr size_t kRegisters = 4;
  for (size_t first = 0; first < y.cols; first += head_size) {
    float* S = &all[first * head_size];
    size_t j = 0;
    for (; j + kRegisters * kLanes <= head_size; j += kRegisters * kLanes)
      Values<kRegisters>(DF(), in, first, head_size, j, S, y);
    for (; j + kLanes <= head_size; j += kLanes) Values<1>(DF(), in, first, head_size, j, S, y);
    for (; j < head_size; ++j) Values<1>(hn::CappedTag<float, 1>(), in, first, head_size, j, S, y);
  }
}

void Decay6(std::span<const float> base, std::span<const float> x, std::span<float> out) {
  ForEachVector(out.size(), [&](auto d, size_t i) HWY_ATTR {
    const auto log_rate = hn::Add(hn::LoadU(d, &base[i]), hn::LoadU(d, &x[i]));
    hn::StoreU(Exp(d, hn::Neg(Exp(d, log_rate))), d, &out[i]);
  });
}

}  // namespace
}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rwkv {
HWY_EXPORT(Wkv5);
HWY_EXPORT(Decay6);

void wkv5(const Wkv5Input& in, size_t head_size, std::span<float> S, MatSpan<float> y) {
  for ([[maybe_unused]] const auto* m : {&in.r, &in.k, &in.v, &in.w})
    assert(m->rows == y.rows && m->cols == y.cols);
  assert(in.u.size() == y.cols && y.cols % head_size == 0 && S.size() == y.cols * head_size);
  HWY_DYNAMIC_DISPATCH(Wkv5)(in, head_size, S, y);
}

void decay6(std::span<const float> base, std::span<const float> x, std::span<float> out) {
  assert(base.size() == out.size() && x.size() == out.size());
  HWY_DYNAMIC_DISPATCH(Decay6)(base, x, out);
}

}  // namespace rwkv
#endif  // HWY_ONCE
