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
namespace {

// Values [j, j + registers) of a head whose parts begin at channel `first`: a lane is one value channel,
// summed over the keys in order.
template <size_t kRegisters, class D>
class Values {
 public:
  Values(const Wkv7Input& in, size_t first, size_t size, size_t j, float* S, const MatSpan<float>& y)
      : in_(in), first_(first), size_(size), j_(j), S_(S), y_(y) {}

  // A token's S κ is summed up while the token before it changes S.
  HWY_INLINE void AllTokens() {
    Registers removed;
    FirstRemoved(removed);
    size_t t = 0;
    for (; t + 1 < y_.rows; ++t) Token<true>(t, removed);
    Token<false>(t, removed);
  }

 private:
  using Registers = hn::Vec<D>[kRegisters];
  static constexpr D d{};
  static constexpr size_t kWidth = hn::MaxLanes(d);

  HWY_INLINE void FirstRemoved(Registers& removed) const {
    const float* HWY_RESTRICT kappa = in_.kappa.row_data(0) + first_;
    for (auto& sum : removed) sum = hn::Zero(d);
    for (size_t i = 0; i < size_; ++i) {
      const auto vk = hn::Set(d, kappa[i]);
      for (size_t n = 0; n < kRegisters; ++n)
        removed[n] = hn::MulAdd(hn::LoadU(d, S_ + i * size_ + j_ + n * kWidth), vk, removed[n]);
    }
  }

  template <bool kHasNext>
  HWY_INLINE void Token(size_t t, Registers& removed) const {
    const float *HWY_RESTRICT pr = in_.r.row_data(t) + first_, *HWY_RESTRICT pw = in_.w.row_data(t) + first_,
                              *HWY_RESTRICT pk = in_.k.row_data(t) + first_,
                              *HWY_RESTRICT pb = in_.b.row_data(t) + first_;
    const float* HWY_RESTRICT next_kappa = in_.kappa.row_data(t + kHasNext) + first_;
    Registers v, sum, next;
    for (size_t n = 0; n < kRegisters; ++n) {
      v[n] = hn::LoadU(d, in_.v.row_data(t) + first_ + j_ + n * kWidth);
      sum[n] = next[n] = hn::Zero(d);
    }
    for (size_t i = 0; i < size_; ++i) {
      const auto r = hn::Set(d, pr[i]), w = hn::Set(d, pw[i]), k = hn::Set(d, pk[i]), b = hn::Set(d, pb[i]),
                 kappa = hn::Set(d, next_kappa[i]);
      float* HWY_RESTRICT row = S_ + i * size_ + j_;
      for (size_t n = 0; n < kRegisters; ++n) {
        auto s = hn::Mul(hn::LoadU(d, row + n * kWidth), w);
        s = hn::MulAdd(k, v[n], hn::NegMulAdd(removed[n], b, s));
        hn::StoreU(s, d, row + n * kWidth);
        sum[n] = hn::MulAdd(s, r, sum[n]);
        if constexpr (kHasNext) next[n] = hn::MulAdd(s, kappa, next[n]);
      }
    }
    for (size_t n = 0; n < kRegisters; ++n) {
      hn::StoreU(sum[n], d, y_.row_data(t) + first_ + j_ + n * kWidth);
      removed[n] = next[n];
    }
  }

  const Wkv7Input& in_;
  size_t first_, size_, j_;
  float* HWY_RESTRICT S_;
  const MatSpan<float>& y_;
};

// Head by head, all tokens of each, so that its S stays in the first-level cache.
void Wkv7(const Wkv7Input& in, size_t head_size, std::span<float> all, const MatSpan<float>& y) {
  constexpr size_t kRegisters = kParts == 2 ? 2 : 4;  // four sets of them, and AVX2 has 16
  for (size_t first = 0; first < y.cols; first += head_size) {
    float* S = &all[first * head_size];
    size_t j = 0;
    for (; j + kRegisters * kLanes <= head_size; j += kRegisters * kLanes)
      Values<kRegisters, DF>(in, first, head_size, j, S, y).AllTokens();
    for (; j + kLanes <= head_size; j += kLanes) Values<1, DF>(in, first, head_size, j, S, y).AllTokens();
    for (; j < head_size; ++j) Values<1, hn::CappedTag<float, 1>>(in, first, head_size, j, S, y).AllTokens();
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

void AddBonus7(std::span<const float> r, std::span<const float> k, std::span<const float> v,
               std::span<const float> r_k, size_t head_size, std::span<float> y) {
  for (size_t head = 0; head < y.size(); head += head_size) {
    const float bonus = BonusOf(&r[head], &k[head], &r_k[head], head_size);
    ForEachVector(head_size, [&](auto d, size_t i) HWY_ATTR {
      float* HWY_RESTRICT p = &y[head + i];
      hn::StoreU(hn::MulAdd(hn::Set(d, bonus), hn::LoadU(d, &v[head + i]), hn::LoadU(d, p)), d, p);
    });
  }
}

}  // namespace
}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rwkv {
HWY_EXPORT(Wkv7);
HWY_EXPORT(Decay7);
HWY_EXPORT(RemovalKey7);
HWY_EXPORT(ReplacementKey7);
HWY_EXPORT(AddBonus7);

void wkv7(const Wkv7Input& in, size_t head_size, std::span<float> S, MatSpan<float> y) {
  for ([[maybe_unused]] const auto* m : {&in.r, &in.w, &in.k, &in.v, &in.kappa, &in.b})
    assert(m->rows == y.rows && m->cols == y.cols);
  assert(y.rows > 0 && y.cols % head_size == 0 && S.size() == y.cols * head_size);
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

void add_bonus7(std::span<const float> r, std::span<const float> k, std::span<const float> v,
                std::span<const float> r_k, size_t head_size, std::span<float> y) {
  assert(r.size() == y.size() && k.size() == y.size() && v.size() == y.size());
  assert(r_k.size() == y.size() && y.size() % head_size == 0);
  HWY_DYNAMIC_DISPATCH(AddBonus7)(r, k, v, r_k, head_size, y);
}

}  // namespace rwkv
#endif  // HWY_ONCE
