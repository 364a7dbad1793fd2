#include "kernels/elementwise.h"

#include <cassert>
#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/elementwise.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
// After highway.h
#include "kernels/math-inl.h"
#include "kernels/vec16-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;
namespace {

// out[i] = f(tag, inputs[i] ...)
template <class F, class... Inputs>
HWY_INLINE void Map(Out out, F&& f, Inputs... inputs) {
  ForEachVector(out.size(), [&](auto d, size_t i) HWY_ATTR {
    hn::StoreU(f(d, hn::LoadU(d, inputs.data() + i)...), d, out.data() + i);
  });
}

void Interpolate(In from, In to, In weight, Out out) {
  Map(
      out, [](auto, auto a, auto b, auto w) HWY_ATTR { return hn::MulAdd(hn::Sub(b, a), w, a); }, from, to,
      weight);
}

void InterpolateSum(In from, In to, In weight, In more, Out out) {
  Map(
      out,
      [](auto, auto a, auto b, auto w, auto m)
          HWY_ATTR { return hn::MulAdd(hn::Sub(b, a), hn::Add(w, m), a); },
      from, to, weight, more);
}

void Multiply(In a, In b, Out out) {
  Map(
      out, [](auto, auto va, auto vb) HWY_ATTR { return hn::Mul(va, vb); }, a, b);
}

void MultiplySum(In a, In b, In c, Out out) {
  Map(
      out, [](auto, auto va, auto vb, auto vc) HWY_ATTR { return hn::Mul(va, hn::Add(vb, vc)); }, a, b, c);
}

void ExpOf(In x, Out out) {
  Map(
      out, [](auto d, auto v) HWY_ATTR { return Exp(d, v); }, x);
}

void ReluSquared(In x, Out out) {
  const auto square = [](auto d, auto v) HWY_ATTR {
    const auto positive = hn::Max(v, hn::Zero(d));
    return hn::Mul(positive, positive);
  };
  Map(out, square, x);
}

void SigmoidOf(In x, Out out) {
  Map(
      out, [](auto d, auto v) HWY_ATTR { return Sigmoid(d, v); }, x);
}

void SigmoidOfSum(In a, In b, Out out) {
  Map(
      out, [](auto d, auto va, auto vb) HWY_ATTR { return Sigmoid(d, hn::Add(va, vb)); }, a, b);
}

void TanhOf(In x, Out out) {
  Map(
      out, [](auto d, auto v) HWY_ATTR { return Tanh(d, v); }, x);
}

void SigmoidTimes(In gate, In x, Out out) {
  Map(
      out, [](auto d, auto g, auto v) HWY_ATTR { return hn::Mul(Sigmoid(d, g), v); }, gate, x);
}

void SiluTimes(In gate, In x, Out out) {
  Map(
      out, [](auto d, auto g, auto v) HWY_ATTR { return hn::Mul(hn::Mul(g, Sigmoid(d, g)), v); }, gate, x);
}

void AddSigmoidTimes(In gate, In x, Out out) {
  Map(
      out, [](auto d, auto g, auto v, auto sum) HWY_ATTR { return hn::MulAdd(Sigmoid(d, g), v, sum); }, gate,
      x, out);
}

}  // namespace
}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rwkv {
namespace {

// Whether all inputs are as long as the output.
template <class... Inputs>
bool fit(Out out, Inputs... inputs) {
  return ((inputs.size() == out.size()) && ...);
}

}  // namespace

HWY_EXPORT(Interpolate);
HWY_EXPORT(InterpolateSum);
HWY_EXPORT(Multiply);
HWY_EXPORT(MultiplySum);
HWY_EXPORT(ExpOf);
HWY_EXPORT(ReluSquared);
HWY_EXPORT(SigmoidOf);
HWY_EXPORT(SigmoidOfSum);
HWY_EXPORT(TanhOf);
HWY_EXPORT(SigmoidTimes);
HWY_EXPORT(SiluTimes);
HWY_EXPORT(AddSigmoidTimes);

void interpolate(In from, In to, In weight, Out out) {
  assert(fit(out, from, to, weight));
  HWY_DYNAMIC_DISPATCH(Interpolate)(from, to, weight, out);
}

void interpolate_sum(In from, In to, In weight, In more, Out out) {
  assert(fit(out, from, to, weight, more));
  HWY_DYNAMIC_DISPATCH(InterpolateSum)(from, to, weight, more, out);
}

void multiply(In a, In b, Out out) {
  assert(fit(out, a, b));
  HWY_DYNAMIC_DISPATCH(Multiply)(a, b, out);
}

void multiply_sum(In a, In b, In c, Out out) {
  assert(fit(out, a, b, c));
  HWY_DYNAMIC_DISPATCH(MultiplySum)(a, b, c, out);
}

void exp_of(In x, Out out) {
  assert(fit(out, x));
  HWY_DYNAMIC_DISPATCH(ExpOf)(x, out);
}

void relu_squared(In x, Out out) {
  assert(fit(out, x));
  HWY_DYNAMIC_DISPATCH(ReluSquared)(x, out);
}

void sigmoid_of(In x, Out out) {
  assert(fit(out, x));
  HWY_DYNAMIC_DISPATCH(SigmoidOf)(x, out);
}

void tanh_of(In x, Out out) {
  assert(fit(out, x));
  HWY_DYNAMIC_DISPATCH(TanhOf)(x, out);
}

void sigmoid_of_sum(In a, In b, Out out) {
  assert(fit(out, a, b));
  HWY_DYNAMIC_DISPATCH(SigmoidOfSum)(a, b, out);
}

void sigmoid_times(In gate, In x, Out out) {
  assert(fit(out, gate, x));
  HWY_DYNAMIC_DISPATCH(SigmoidTimes)(gate, x, out);
}

void silu_times(In gate, In x, Out out) {
  assert(fit(out, gate, x));
  HWY_DYNAMIC_DISPATCH(SiluTimes)(gate, x, out);
}

void add_sigmoid_times(In gate, In x, Out out) {
  assert(fit(out, gate, x));
  HWY_DYNAMIC_DISPATCH(AddSigmoidTimes)(gate, x, out);
}

}  // namespace rwkv
#endif  // HWY_ONCE
