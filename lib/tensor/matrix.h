// A weight matrix where it lies in a file.
#pragma once
#include <cstddef>
#include <span>

#include "tensor/dtype.h"

namespace rwkv {

// How the elements of a matrix with `rows` outputs and `cols` inputs lie in memory.
enum class Layout {
  kOutIn,  // one output after the other: checkpoints' big matrices, `W x`
  kInOut,  // one input after the other: checkpoints' low-rank matrices, `xᵀ M`
};

// Does not own; in the dtype it is stored in (f32, f16 or bf16), at any alignment.
struct Matrix {
  DType dtype = DType::kF32;
  Layout layout = Layout::kOutIn;
  size_t rows = 0, cols = 0;  // outputs, inputs
  std::span<const std::byte> bytes;
};

}  // namespace rwkv
