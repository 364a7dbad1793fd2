// A weight matrix where it lies in a file.
#pragma once
#include <cstddef>
#include <span>

#include "tensor/dtype.h"
#include "tensor/packed_layout.h"

namespace rwkv {

// Does not own; in the dtype it is stored in, at any alignment.
struct Matrix {
  DType dtype = DType::kF32;
  Layout layout = Layout::kOutIn;
  size_t rows = 0, cols = 0;  // outputs, inputs
  std::span<const std::byte> bytes;
};

}  // namespace rwkv
