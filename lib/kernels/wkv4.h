// The recurrence of RWKV-4 (Peng et al. 2023, "RWKV: Reinventing RNNs for the Transformer Era", appendix D).
#pragma once
#include <span>

namespace rwkv {

// Per channel: numerator and denominator so far, both scaled by e^(−pp), and pp, the largest exponent so far
// (at the start a large negative number, not −inf).
struct Wkv4State {
  std::span<float> aa, bb, pp;
};

// One token. All spans have the same length, one element a channel; advances the state. w = −exp(time_decay),
// u = time_first. The same bits on every target that has FMA.
//
//   q   = max(pp, u + k)
//   wkv = (e^(pp−q)·aa + e^(u+k−q)·v) / (e^(pp−q)·bb + e^(u+k−q))
//   q'  = max(pp + w, k)
//   aa, bb, pp ← e^(pp+w−q')·aa + e^(k−q')·v,  e^(pp+w−q')·bb + e^(k−q'),  q'
void wkv4(std::span<const float> w, std::span<const float> u, std::span<const float> k,
          std::span<const float> v, const Wkv4State& state, std::span<float> wkv);

}  // namespace rwkv
