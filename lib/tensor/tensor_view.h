// One tensor inside a file.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tensor/dtype.h"

namespace rwkv {

// A named tensor inside someone else's bytes. Does not own.
struct TensorView {
  std::string name;
  DType dtype = DType::kF32;
  Shape shape;
  std::span<const std::byte> bytes;  // packed, row-major, unless `strides` says otherwise; any alignment
  std::vector<uint64_t> strides;     // empty: packed. Else one a dimension, in elements (.pth only)

  bool packed() const { return strides.empty(); }
};

// The tensor's elements packed in row-major order: `bytes` itself, or gathered into `scratch`.
// A gathered tensor is never larger than the bytes it views (readers refuse others).
std::span<const std::byte> packed_bytes(const TensorView& tensor, std::vector<std::byte>& scratch);

}  // namespace rwkv
