#include "kernels/wkv4.h"

#include <cassert>
#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/wkv4.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
// After highway.h
#include "kernels/math-inl.h"
#include "kernels/vec16-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace {

void Wkv4(std::span<const float> w, std::span<const float> u, std::span<const float> k,
          std::span<const float> v, const Wkv4State& state, std::span<float> wkv) {
  ForEachVector(wkv.size(), [&](auto d, size_t c) HWY_ATTR {
    const auto kc = hn::LoadU(d, &k[c]), vc = hn::LoadU(d, &v[c]);
    const auto aa = hn::LoadU(d, &state.aa[c]), bb = hn::LoadU(d, &state.bb[c]),
               pp = hn::LoadU(d, &state.pp[c]);

    const auto with_bonus = hn::Add(hn::LoadU(d, &u[c]), kc);
    const auto q = hn::Max(pp, with_bonus);
    const auto past = Exp(d, hn::Sub(pp, q)), now = Exp(d, hn::Sub(with_bonus, q));
    const auto numerator = hn::MulAdd(past, aa, hn::Mul(now, vc));
    hn::StoreU(hn::Div(numerator, hn::MulAdd(past, bb, now)), d, &wkv[c]);

    const auto decayed = hn::Add(pp, hn::LoadU(d, &w[c]));
    const auto q_next = hn::Max(decayed, kc);
    const auto decay = Exp(d, hn::Sub(decayed, q_next)), gain = Exp(d, hn::Sub(kc, q_next));
    hn::StoreU(hn::MulAdd(decay, aa, hn::Mul(gain, vc)), d, &state.aa[c]);
    hn::StoreU(hn::MulAdd(decay, bb, gain), d, &state.bb[c]);
    hn::StoreU(q_next, d, &state.pp[c]);
  });
}

}  // namespace
}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rwkv {
HWY_EXPORT(Wkv4);

void wkv4(std::span<const float> w, std::span<const float> u, std::span<const float> k,
          std::span<const float> v, const Wkv4State& state, std::span<float> wkv) {
  assert(w.size() == wkv.size() && u.size() == wkv.size() && k.size() == wkv.size() &&
         v.size() == wkv.size());
  HWY_DYNAMIC_DISPATCH(Wkv4)(w, u, k, v, state, wkv);
}

}  // namespace rwkv
#endif  // HWY_ONCE
