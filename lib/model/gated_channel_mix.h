// The channel mix of RWKV-4, 5 and 6: gated by a receptance.
#pragma once
#include "model/layer.h"
#include "model/model_info.h"
#include "model/weights.h"

namespace rwkv {

// x' is the row before, m the mix vectors:
//   x_k = x⊙m_k + x'⊙(1−m_k)    x_r alike
//   x += σ(W_r x_r) ⊙ (W_v relu²(W_k x_k))
class GatedChannelMix {
 public:
  // Which row a file's mix vectors multiply: this row (RWKV-4 and 5, time_mix_*) or the row before (RWKV-6,
  // time_maa_*).
  enum class Mix { kOfThisRow, kOfRowBefore };

  GatedChannelMix() = default;
  GatedChannelMix(const WeightReader& block, const ModelInfo& info, Mix mix);
  // Stores the last row of each sequence in `part` of its state.
  void forward(Pass& pass, size_t part) const;

 private:
  Mix mix_ = Mix::kOfThisRow;
  Norm ln2_;                          // [C]
  std::vector<float> mix_k_, mix_r_;  // [C]
  Matrix key_;                        // [F, C]
  Matrix receptance_;                 // [C, C]
  Matrix value_;                      // [C, F]
};

}  // namespace rwkv
