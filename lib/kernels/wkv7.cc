#include "kernels/wkv7.h"

#include <cassert>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/wkv7.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
// After highway.h
#include "kernels/math-inl.h"
#include "kernels/vec16-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// One head.
// Names end in 7: wkv5.cc has its own in the same namespace.
struct Head7 {
  const float *r, *w, *k, *v, *kappa, *b;
  size_t size;
};

// Values [j, j + registers): a lane is one value channel, summed over the keys in order.
template <size_t kRegisters, class D>
HWY_INLINE void Values7(D d, const Head7& h, size_t j, float* HWY_RESTRICT S, float* HWY_RESTRICT y) {
  constexpr size_t kWidth = hn::MaxLanes(d);
  hn::Vec<D> v[kRegisters], removed[kRegisters], sum[kRegisters];
  for (size_t n = 0; n < kRegisters; ++n) {
    v[n] = hn::LoadU(d, h.v + j + n * kWidth);
    removed[n] = sum[n] = hn::Zero(d);
  }
  for (size_t i = 0; i < h.size; ++i) {
    const auto kappa = hn::Set(d, h.kappa[i]);
    const float* HWY_RESTRICT row = S + i * h.size + j;
    for (size_t n = 0; n < kRegisters; ++n)
      removed[n] = hn::MulAdd(hn::LoadU(d, row + n * kWidth), kappa, removed[n]);
  }
  for (size_t i = 0; i < h.size; ++i) {
    const auto r = hn::Set(d, h.r[i]), w = hn::Set(d, h.w[i]), k = hn::Set(d, h.k[i]), b = hn::Set(d, h.b[i]);
    float* HWY_RESTRICT row = S + i * h.size + j;
    for (size_t n = 0; n < kRegisters; ++n) {
      auto s = hn::Mul(hn::LoadU(d, row + n * kWidth), w);
      s = hn::MulAdd(k, v[n], hn::NegMulAdd(removed[n], b, s));
      hn::StoreU(s, d, row + n * kWidth);
      sum[n] = hn::MulAdd(s, r, sum[n]);
    }
  }
  for (size_t n = 0; n < kRegisters; ++n) hn::StoreU(sum[n], d, y + j + n * kWidth);
}

HWY_INLINE void OneHead7(const Head7& h, float* HWY_RESTRICT S, float* HWY_RESTRICT y) {
  constexpr size_t kRegisters = 4;
  size_t j = 0;
  for (; j + kRegisters * kLanes <= h.size; j += kRegisters * kLanes) Values7<kRegisters>(DF(), h, j, S, y);
  for (; j + kLanes <= h.size; j += kLanes) Values7<1>(DF(), h, j, S, y);
  for (; j < h.size; ++j) Values7<1>(hn::CappedTag<float, 1>(), h, j, S, y);
}

void Wkv7(const Wkv7Input& in, size_t head_size, std::span<float> S, std::span<float> y) {
  for (size_t i = 0; i < y.size(); i += head_size) {
    OneHead7({&in.r[i], &in.w[i], &in.k[i], &in.v[i], &in.kappa[i], &in.b[i], head_size}, &S[i * head_size],
             &y[i]);
  }
}

void Decay7(std::span<const float> w0, std::span<const float> x, std::span<float> w) {
  constexpr float kLogSlowest = -0.60653066f;  // −e^(−1/2)
  ForEachVector(w.size(), [&](auto d, size_t i) HWY_ATTR {
    const auto rate = Sigmoid(d, hn::Add(hn::LoadU(d, &w0[i]), hn::LoadU(d, &x[i])));
    hn::StoreU(Exp(d, hn::Mul(hn::Set(d, kLogSlowest), rate)), d, &w[i]);
  });
}

void RemovalKey7(std::span<const float> k, std::span<const float> k_k, size_t head_size,
                 std::span<float> kappa) {
  ForEachVector(kappa.size(), [&](auto d, size_t i) HWY_ATTR {
    hn::StoreU(hn::Mul(hn::LoadU(d, &k[i]), hn::LoadU(d, &k_k[i])), d, &kappa[i]);
  });
  for (size_t head = 0; head < kappa.size(); head += head_size) {
    float* HWY_RESTRICT p = &kappa[head];
    const float squares =
        ReduceVec16(p, head_size, [](auto, auto acc, auto v) HWY_ATTR { return hn::MulAdd(v, v, acc); });
    const float norm = HWY_MAX(std::sqrt(squares), 1e-12f);
    ForEachVector(head_size, [&](auto d, size_t i) HWY_ATTR {
      hn::StoreU(hn::Div(hn::LoadU(d, p + i), hn::Set(d, norm)), d, p + i);
    });
  }
}

void ReplacementKey7(std::span<const float> a, std::span<const float> k_a, std::span<float> k) {
  ForEachVector(k.size(), [&](auto d, size_t i) HWY_ATTR {
    const auto one = hn::Set(d, 1.0f);
    const auto factor = hn::MulAdd(hn::Sub(hn::LoadU(d, &a[i]), one), hn::LoadU(d, &k_a[i]), one);
    hn::StoreU(hn::Mul(hn::LoadU(d, &k[i]), factor), d, &k[i]);
  });
}

// Σ_j r_j k_j r_k[j] of one head.
HWY_INLINE float BonusOf(const float* HWY_RESTRICT r, const float* HWY_RESTRICT k,
                         const float* HWY_RESTRICT r_k, size_t n) {
  float products[kVec16Lanes], sum = 0;
  for (size_t i = 0; i < n; i += kVec16Lanes) {
    const size_t count = HWY_MIN(kVec16Lanes, n - i);
    ForEachVector(count, [&](auto d, size_t j) HWY_ATTR {
      const auto rk = hn::Mul(hn::LoadU(d, r + i + j), hn::LoadU(d, k + i + j));
      hn::StoreU(hn::Mul(rk, hn::LoadU(d, r_k + i + j)), d, products + j);
    });
    sum += ReduceVec16(products, count, [](auto, auto acc, auto v) HWY_ATTR { return hn::Add(acc, v); });
  }
  return sum;
}

void AddBonus7(const Wkv7Input& in, std::span<const float> r_k, size_t head_size, std::span<float> y) {
  for (size_t head = 0; head < y.size(); head += head_size) {
    const float bonus = BonusOf(&in.r[head], &in.k[head], &r_k[head], head_size);
    ForEachVector(head_size, [&](auto d, size_t i) HWY_ATTR {
      float* HWY_RESTRICT p = &y[head + i];
      hn::StoreU(hn::MulAdd(hn::Set(d, bonus), hn::LoadU(d, &in.v[head + i]), hn::LoadU(d, p)), d, p);
    });
  }
}

}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rwkv {
HWY_EXPORT(Wkv7);
HWY_EXPORT(Decay7);
HWY_EXPORT(RemovalKey7);
HWY_EXPORT(ReplacementKey7);
HWY_EXPORT(AddBonus7);

void wkv7(const Wkv7Input& in, size_t head_size, std::span<float> S, std::span<float> y) {
  assert(in.r.size() == y.size() && in.w.size() == y.size() && in.k.size() == y.size() &&
         in.v.size() == y.size());
  assert(in.kappa.size() == y.size() && in.b.size() == y.size());
  assert(y.size() % head_size == 0 && S.size() == y.size() * head_size);
  HWY_DYNAMIC_DISPATCH(Wkv7)(in, head_size, S, y);
}

void decay7(std::span<const float> w0, std::span<const float> x, std::span<float> w) {
  assert(w0.size() == w.size() && x.size() == w.size());
  HWY_DYNAMIC_DISPATCH(Decay7)(w0, x, w);
}

void removal_key7(std::span<const float> k, std::span<const float> k_k, size_t head_size,
                  std::span<float> kappa) {
  assert(k.size() == kappa.size() && k_k.size() == kappa.size() && kappa.size() % head_size == 0);
  HWY_DYNAMIC_DISPATCH(RemovalKey7)(k, k_k, head_size, kappa);
}

void replacement_key7(std::span<const float> a, std::span<const float> k_a, std::span<float> k) {
  assert(a.size() == k.size() && k_a.size() == k.size());
  HWY_DYNAMIC_DISPATCH(ReplacementKey7)(a, k_a, k);
}

void add_bonus7(const Wkv7Input& in, std::span<const float> r_k, size_t head_size, std::span<float> y) {
  assert(in.r.size() == y.size() && r_k.size() == y.size() && y.size() % head_size == 0);
  HWY_DYNAMIC_DISPATCH(AddBonus7)(in, r_k, head_size, y);
}

}  // namespace rwkv
#endif  // HWY_ONCE
