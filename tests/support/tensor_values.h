// Tensors as plain values.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "tensor/cast.h"
#include "tensor/tensor_view.h"

namespace rwkv {

inline std::span<const std::byte> bytes_of(const std::string& text) { return std::as_bytes(std::span(text)); }

// The elements of a floating-point tensor in row-major order.
inline std::vector<float> floats_of(const TensorView& tensor) {
  std::vector<std::byte> scratch;
  std::vector<float> values(element_count(tensor.shape));
  cast_elements(tensor.dtype, packed_bytes(tensor, scratch), DType::kF32,
                std::as_writable_bytes(std::span(values)));
  return values;
}

}  // namespace rwkv
