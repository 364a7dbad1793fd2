// Feedback of rounding errors: weights compensate the errors of weights rounded before them.
#pragma once
#include <cstdint>
#include <vector>

#include "checkpoint/calibration/moments.h"
#include "core/thread_pool.h"
#include "tensor/pack.h"

namespace rwkv {

// GPTQ (Frantar et al. 2022) as Babai's nearest plane (Chen et al. 2025). The weights w of an output become
// q; e = w − q changes the outputs of all rows x by Σ (e·x)² = e H eᵀ. With H = V Vᵀ, V upper triangular,
// this is Σ_j V_jj² (t_j − q_j)², where
//   t_j = w_j + Σ_{i<j} e_i V_ij / V_jj.
// So each weight in turn is rounded to the value nearest to t_j. Blocks of 32 inputs share a scale: blocks,
// and inputs within a block, follow by descending H_jj, since those rounded first are compensated best. H is
// divided by the mean of its diagonal, and damped by 0.01 there.
struct Feedback {
  struct Block {
    size_t first = 0, size = 0;         // in `order`
    std::vector<float> before = {};     // [first][size] V_ij / V_jj, i in earlier blocks
    std::vector<float> within = {};     // [size][size] the same within the block, i < j; else 0
    std::vector<float> precision = {};  // [size] V_jj²
  };
  size_t begin = 0, size = 0;   // inputs [begin, begin + size) of the matrix; `begin` is a multiple of 32
  std::vector<uint32_t> order;  // [size] inputs relative to `begin`, block by block
  std::vector<Block> blocks;
};

// `others`, if given, are moments of the same inputs, of which a twentieth is added. Error kFormat: moments
// that are not finite.
Feedback make_feedback(size_t begin, const Moments& moments, const Moments* others = nullptr);

// The feedback for a whole matrix.
struct MatrixFeedback {
  std::vector<uint32_t> group_of = {};             // [outputs]; empty: every output is in the first group
  std::vector<std::vector<Feedback>> groups = {};  // the parts of each cover all inputs, in order
};

// `feedback` must have a group and outlive the result.
RoundOutputs calibrated_rounding(DType dtype, const MatrixFeedback& feedback);

}  // namespace rwkv
