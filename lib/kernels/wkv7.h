// The recurrence of RWKV-7 (Peng et al. 2025, "RWKV-7 'Goose' with Expressive Dynamic State Evolution",
// section 4), with its inputs and outputs head by head.
#pragma once
#include <span>

#include "core/mat_span.h"

namespace rwkv {

// The tokens of a sequence, one a row, in some heads: a row holds the heads' parts one after the other,
// head_size elements each.
struct Wkv7Input {
  MatSpan<const float> r, w, k, v;
  MatSpan<const float> kappa;  // κ, of length 1 in each head: the key whose value is removed
  MatSpan<const float> b;      // κ ⊙ a: a says how much is removed
};

// Advances S, stored [heads][key][value], token by token and writes y, a row a token; reads S after adding a
// token. With the paper's S[value][key]:
//   S ← S diag(w) − (S κ) bᵀ + v kᵀ      y = S r
// The same bits on every target that has FMA, here and in all functions below, and for any split of the
// tokens into calls.
void wkv7(const Wkv7Input& in, size_t head_size, std::span<float> S, MatSpan<float> y);

// w = exp(−e^(−1/2) σ(w0 + x)), in (0.545, 1)
void decay7(std::span<const float> w0, std::span<const float> x, std::span<float> w);

// κ = k ⊙ k_k, divided in each head by max(‖κ‖₂, 1e-12)
void removal_key7(std::span<const float> k, std::span<const float> k_k, size_t head_size,
                  std::span<float> kappa);

// k ← k ⊙ (1 + (a − 1) ⊙ k_a)
void replacement_key7(std::span<const float> a, std::span<const float> k_a, std::span<float> k);

// y += (Σ_j r_j k_j r_k[j]) v, in each head
void add_bonus7(std::span<const float> r, std::span<const float> k, std::span<const float> v,
                std::span<const float> r_k, size_t head_size, std::span<float> y);

}  // namespace rwkv
