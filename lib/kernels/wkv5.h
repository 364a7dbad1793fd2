// The recurrence of RWKV-5 and RWKV-6 (Peng et al. 2024, "Eagle and Finch: RWKV with Matrix-Valued States and
// Dynamic Recurrence", section 4).
#pragma once
#include <cstddef>
#include <span>

namespace rwkv {

// One token of some heads; each span holds the heads' parts one after the other, head_size elements a head.
struct Wkv5Input {
  std::span<const float> r, k, v;
  std::span<const float> w;  // factor by which each key channel's memory fades, in [0, 1]
  std::span<const float> u;  // bonus of the current token
};

// Advances S, [heads][key][value], and writes y; S is read before this token is added to it:
//   y = rᵀ (S + diag(u) k vᵀ)      S ← diag(w) S + k vᵀ
// Same bits on every target that has FMA.
void wkv5(const Wkv5Input& in, size_t head_size, std::span<float> S, std::span<float> y);

// RWKV-6's decay: out = exp(−exp(base + x)).
void decay6(std::span<const float> base, std::span<const float> x, std::span<float> out);

}  // namespace rwkv
