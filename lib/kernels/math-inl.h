// exp, sigmoid and tanh as fixed sequences of exactly rounded operations: the same bits on every target that
// has FMA. Included once for each SIMD target.
#include "hwy/highway.h"

#if defined(RWKV_KERNELS_MATH_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RWKV_KERNELS_MATH_INL_H_
#undef RWKV_KERNELS_MATH_INL_H_
#else
#define RWKV_KERNELS_MATH_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// e^x, within 1.5 ulp. x = n ln 2 + r with |r| <= ln 2 / 2, e^x = 2^n e^r, e^r by its Taylor polynomial of
// degree 7 (remainder 6e-9 at the end of the range). Below -87.3 (the smallest normal result) it is 0,
// above 88.7 infinite; NaN stays NaN.
template <class D>
HWY_INLINE hn::Vec<D> Exp(D d, hn::Vec<D> x) {
  const hn::RebindToSigned<D> di;
  const auto too_low = hn::Lt(x, hn::Set(d, -87.33654f));
  const auto too_high = hn::Gt(x, hn::Set(d, 88.72283f));
  const auto clamped = hn::Min(hn::Max(x, hn::Set(d, -87.33654f)), hn::Set(d, 88.72283f));
  const auto n = hn::Round(hn::Mul(clamped, hn::Set(d, 1.44269504f)));
  auto r =
      hn::NegMulAdd(n, hn::Set(d, 0.693359375f), clamped);  // ln 2 in two parts, the first exact in 9 bits
  r = hn::NegMulAdd(n, hn::Set(d, -2.12194440e-4f), r);
  auto p = hn::Set(d, 1.0f / 5040);
  for (const float c : {1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f, 1.0f, 1.0f}) {
    p = hn::MulAdd(p, r, hn::Set(d, c));
  }
  // 2^n as two factors, since n = 128 is beyond a float's exponents.
  const auto half = hn::ShiftRight<1>(hn::ConvertTo(di, n));
  const auto rest = hn::Sub(hn::ConvertTo(di, n), half);
  const auto bias = hn::Set(di, 127);
  const auto scale1 = hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(half, bias)));
  const auto scale2 = hn::BitCast(d, hn::ShiftLeft<23>(hn::Add(rest, bias)));
  p = hn::Mul(hn::Mul(p, scale1), scale2);
  p = hn::IfThenElse(too_high, hn::Inf(d), hn::IfThenElse(too_low, hn::Zero(d), p));
  return hn::IfThenElse(hn::IsNaN(x), x, p);
}

// 1 / (1 + e^-x)
template <class D>
HWY_INLINE hn::Vec<D> Sigmoid(D d, hn::Vec<D> x) {
  const auto one = hn::Set(d, 1.0f);
  return hn::Div(one, hn::Add(one, Exp(d, hn::Neg(x))));
}

// 1 - 2 / (1 + e^2x): exact to 1e-7 absolutely, which is what a low-rank activation needs.
template <class D>
HWY_INLINE hn::Vec<D> Tanh(D d, hn::Vec<D> x) {
  const auto one = hn::Set(d, 1.0f);
  return hn::Sub(one, hn::Div(hn::Set(d, 2.0f), hn::Add(one, Exp(d, hn::Add(x, x)))));
}

}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // RWKV_KERNELS_MATH_INL_H_
