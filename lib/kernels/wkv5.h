// The recurrence of RWKV-5 and RWKV-6 (Peng et al. 2024, "Eagle and Finch: RWKV with Matrix-Valued States and
// Dynamic Recurrence", section 4).
#pragma once
#include <span>

#include "core/mat_span.h"

namespace rwkv {

// The tokens of a sequence, one a row, in some heads: a row holds the heads' parts one after the other,
// head_size elements each.
struct Wkv5Input {
  MatSpan<const float> r, k, v;
  MatSpan<const float> w;    // factor on each key channel's memory, in [0, 1]
  std::span<const float> u;  // bonus of the current token
};

// Advances S, [heads][key][value], token by token and writes y, a row a token; reads S before adding a
// token:
//   y = rᵀ (S + diag(u) k vᵀ)      S ← diag(w) S + k vᵀ
// The same bits on every target that has FMA, and for any split of the tokens into calls.
void wkv5(const Wkv5Input& in, size_t head_size, std::span<float> S, MatSpan<float> y);

// RWKV-6's decay: out = exp(−exp(base + x)).
void decay6(std::span<const float> base, std::span<const float> x, std::span<float> out);

}  // namespace rwkv
