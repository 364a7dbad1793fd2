// Synthetic RWKV checkpoints of the released sizes: every tensor as a function of its elements' indices.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/dtype.h"

namespace rwkv {

// One released size. Ranks of low-rank matrices: v6 {mix, decay}, v7 {decay, in-context rate, value, gate}.
struct ModelSize {
  std::string_view name;  // "rwkv7-0.4b"
  int version;            // 4, 5 (that is 5.2), 6 or 7
  size_t n_layers, n_embd, n_vocab;
  size_t ranks[4];
};

struct SyntheticTensor {
  std::string name;
  Shape shape;
  // Sets out[i] to element first + i. May be called from several threads.
  std::function<void(uint64_t first, std::span<float> out)> fill;
};

std::span<const ModelSize> model_sizes();
const ModelSize* find_model_size(std::string_view name);  // null when unknown

// All tensors in the order of released files. The same size and seed give the same elements. Their values are
// plausible: decays by the trainers' own initial formulas, activations of order one, no NaN, and about three
// quarters of each channel mix's hidden row exactly zero after relu², as in trained models (bench/README.md
// says how).
std::vector<SyntheticTensor> synthetic_tensors(const ModelSize& size, uint64_t seed);

}  // namespace rwkv
