// The channel mix of RWKV-7, and of 7a with its DeepEmbed tables.
#pragma once
#include "model/layer.h"
#include "model/model_info.h"
#include "model/token_shift.h"
#include "model/weights.h"

namespace rwkv {

// x' is the row before:
//   h = relu²(W_k (x + (x' − x) ⊙ x_k))        x += W_v h
// 7a, with rank ρ and e the embedding as it enters the first layer:
//   E = s_emb[token] + s_emb_x e, as a matrix [ρ, ρ]
//   h ← h ⊙ (((xᵀ s1) E) s2 + s0)
class ChannelMix7 {
 public:
  ChannelMix7(const WeightReader& block, const ModelInfo& info);
  // Stores the last row of each sequence in `part` of its state.
  void forward(Pass& pass, size_t part) const;

 private:
  MatSpan<float> deep_embed(Pass& pass, const ShiftedRows& x) const;

  Norm ln2_;                // [C]
  std::vector<float> x_k_;  // [C]
  Matrix key_, value_;      // [F, C], [C, F]
  size_t rank_;             // ρ; 0: no DeepEmbed
  Matrix s_emb_;            // [V, ρ²] a row a token, read from the mapping on demand
  Matrix s_emb_x_;          // [ρ², C]
  Matrix s1_, s2_;          // C → ρ, ρ → F
  std::vector<float> s0_;   // [F]
};

}  // namespace rwkv
