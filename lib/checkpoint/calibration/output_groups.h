// Groups of outputs whose errors matter at the same tokens.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/mat_span.h"
#include "core/thread_pool.h"
#include "tensor/matrix.h"

namespace rwkv {

// Writes the weight of an error in each output of a row.
using WeighOutputs = void (*)(std::span<const float> outputs, std::span<float> weights);

// For matrices whose outputs go through a function that suppresses many errors: p (1 − p) for the head
// (softmax), relu²(y) for ffn.key (the squared derivative of relu², up to a factor). Null for others.
WeighOutputs weighing_of(std::string_view tensor_name);

struct OutputGroups {
  std::vector<uint32_t> of_output;  // group of each output
  std::vector<uint32_t> sizes;      // outputs in each group; empty: no groups

  // [groups, rows] the square root of the mean weight of the group's outputs in a row.
  std::vector<float> roots(MatSpan<const float> outputs, WeighOutputs weigh, ThreadPool& pool) const;
};

// Groups outputs by the angles between their rows of weights (k-means). The number of groups is limited by
// the memory for their moments; with many inputs there are none.
OutputGroups group_outputs(const Matrix& weights, ThreadPool& pool);

}  // namespace rwkv
