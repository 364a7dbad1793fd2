#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "checkpoint/calibration/feedback.h"
#include "kernels/matmul/matmul.h"
#include "model/scratch.h"

namespace rwkv {
namespace {

using BlockWeights = std::array<float, kQuantBlock>;

// A block rounded at one scale, in the order of rounding.
struct Trial {
  uint16_t scale_bits;
  float scale;
  BlockWeights targets;
  BlockWeights values{};
  std::array<uint8_t, kQuantBlock> codes{};
  double error = 0;  // Σ V_jj² (t_j − q_j)²
};

// Rounds outputs on one thread.
class Rounder {
 public:
  Rounder(DType dtype, const MatrixFeedback& feedback)
      : dtype_(dtype), nearest_(nearest_code(dtype)), feedback_(feedback) {
    for (const Feedback& part : feedback.groups.front()) length_ += part.size;
  }

  void round(uint64_t first, std::span<const float> weights, std::span<QuantisedBlock> blocks) {
    const size_t n = weights.size() / length_;
    blocks_of_output_ = blocks.size() / n;
    std::ranges::fill(blocks, quantise(dtype_, {}));
    std::vector<std::vector<size_t>> outputs(feedback_.groups.size());
    for (size_t i = 0; i < n; ++i)
      outputs[feedback_.group_of.empty() ? 0 : feedback_.group_of[first + i]].push_back(i);
    for (size_t group = 0; group < outputs.size(); ++group) {
      for (const Feedback& part : feedback_.groups[group]) {
        for (size_t i = 0; i < outputs[group].size(); i += kRowsAtOnce) {
          const size_t count = std::min(kRowsAtOnce, outputs[group].size() - i);
          round_rows(part, std::span(outputs[group]).subspan(i, count), {weights.data(), n, length_}, blocks);
        }
      }
    }
  }

 private:
  // Rounds some of the outputs, by index in `weights` and `blocks`.
  void round_rows(const Feedback& part, std::span<const size_t> outputs, MatSpan<const float> weights,
                  std::span<QuantisedBlock> blocks) {
    scratch_.reset();
    const auto errors = scratch_.matrix(outputs.size(), part.size);
    const auto carried = scratch_.matrix(outputs.size(), kQuantBlock);
    for (const Feedback::Block& block : part.blocks) {
      const auto add = carried.cols_at(0, block.size);
      carry(block, errors, add);
      const size_t index = (part.begin + part.order[block.first]) / kQuantBlock;
      for (size_t i = 0; i < outputs.size(); ++i) {
        round_block(part, block, weights.row(outputs[i]), add.row(i), errors.row(i),
                    blocks[outputs[i] * blocks_of_output_ + index]);
      }
    }
  }

  // The share of the targets that comes from errors in earlier blocks.
  void carry(const Feedback::Block& block, MatSpan<const float> errors, MatSpan<float> add) {
    for (size_t row = 0; row < add.rows; ++row) std::ranges::fill(add.row(row), 0.0F);
    if (block.first == 0) return;
    const Matrix before{DType::kF32, Layout::kInOut, block.size, block.first,
                        std::as_bytes(std::span(block.before))};
    matmul({{&before, errors.cols_at(0, block.first), add, Store::kAdd}}, pool_);
  }

  void round_block(const Feedback& part, const Feedback::Block& block, std::span<const float> weights,
                   std::span<const float> carried, std::span<float> errors, QuantisedBlock& result) {
    BlockWeights original{}, targets{};
    float largest = 0;
    for (size_t j = 0; j < block.size; ++j) {
      original[j] = weights[part.begin + part.order[block.first + j]];
      targets[j] = original[j] + carried[j];
      largest = std::max(largest, std::abs(targets[j]));
    }
    trials_.clear();
    for (const uint16_t scale : scales_to_try(dtype_, largest))
      trials_.push_back({scale, widen_scale(scale), targets});
    try_scales(block, original);
    const auto best = std::ranges::min_element(trials_, {}, &Trial::error);
    for (size_t j = 0; j < block.size; ++j) {
      errors[block.first + j] = original[j] - (best == trials_.end() ? 0 : best->values[j]);
      if (best != trials_.end()) result.codes[part.order[block.first + j] % kQuantBlock] = best->codes[j];
    }
    if (best != trials_.end()) result.scale = best->scale_bits;
  }

  // A weight is rounded at all scales before the next one, so that the CPU overlaps what does not depend on
  // each other.
  void try_scales(const Feedback::Block& block, const BlockWeights& original) {
    for (size_t j = 0; j < block.size; ++j) {
      const float* shares = block.within.data() + j * block.size;
      for (Trial& trial : trials_) {
        const auto [code, value] = nearest_(trial.targets[j], trial.scale);
        trial.codes[j] = code;
        trial.values[j] = value;
        const float missed = trial.targets[j] - value, error = original[j] - value;
        trial.error += static_cast<double>(block.precision[j] * missed * missed);
        for (size_t k = j + 1; k < block.size; ++k) trial.targets[k] += error * shares[k];
      }
    }
  }

  DType dtype_;
  NearestCode nearest_;
  const MatrixFeedback& feedback_;
  size_t length_ = 0, blocks_of_output_ = 0;
  ThreadPool pool_{1};
  Scratch scratch_;
  std::vector<Trial> trials_;
};

}  // namespace

RoundOutputs calibrated_rounding(DType dtype, const MatrixFeedback& feedback) {
  return
      [dtype, &feedback](uint64_t first, std::span<const float> weights, std::span<QuantisedBlock> blocks) {
        Rounder(dtype, feedback).round(first, weights, blocks);
      };
}

}  // namespace rwkv
