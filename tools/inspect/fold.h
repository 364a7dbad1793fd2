// Merges the rows of tensors that are alike in several layers.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tensor/tensor_view.h"

namespace rwkv {

struct TensorGroup {
  std::string name;         // "blocks.0-23.att.key.weight", "blocks.0-3,5.ffn.x_k"
  std::string source_name;  // the file's names, merged alike; empty if the same
  const TensorView* first;  // all have the same dtype, layout and shape
  size_t count = 1;
  uint64_t bytes = 0;  // of all
};

// In the order of their first tensors.
std::vector<TensorGroup> fold_layers(std::span<const TensorView> tensors);

}  // namespace rwkv
