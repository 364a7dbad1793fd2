// A tensor of a ggml type in a file.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "formats/ggml_types.h"
#include "tensor/tensor_view.h"

namespace rwkv {

struct GgmlTensor {
  std::string_view name;
  const GgmlType* type;
  Shape shape;                       // row-major: ggml's dimensions in reverse order
  std::span<const std::byte> bytes;  // ggml_byte_size()
};

// Error kFormat: a row is not a whole number of blocks, or the size overflows.
uint64_t ggml_byte_size(const GgmlType& type, const Shape& shape);

// The tensor as the rest of the library sees it: wide elements in place, blocks decoded when they are
// read.
TensorView view_of(const GgmlTensor& tensor);

}  // namespace rwkv
