// One tensor inside a file.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/dtype.h"
#include "tensor/packed_layout.h"

namespace rwkv {

// A named tensor inside someone else's bytes. Does not own.
struct TensorView {
  std::string name;
  DType dtype = DType::kF32;
  Shape shape;
  std::span<const std::byte> bytes;  // packed, row-major, unless `strides` says otherwise; any alignment
  std::vector<uint64_t> strides;     // empty: packed. Else one a dimension, in elements (.pth only)
  // Not kOutIn, or dtype quantised: a matrix, shape [outputs, inputs], whose bytes are as
  // tensor/packed_layout.h says.
  Layout layout = Layout::kOutIn;

  bool packed() const { return strides.empty(); }
};

inline bool is_laid_out(const TensorView& tensor) { return is_laid_out(tensor.dtype, tensor.layout); }

// Bytes that the tensor's elements take, however they are laid out.
uint64_t byte_size(const TensorView& tensor);

// What a format's reader takes out of a file.
struct TensorList {
  std::vector<TensorView> tensors;              // in file order; names are judged by TensorFile
  std::map<std::string, std::string> metadata;  // safetensors' __metadata__; empty elsewhere
};

// How messages name a tensor: "tensor blocks.3.att.key.weight".
std::string tensor_label(std::string_view name);

// The tensor's elements packed in row-major order: `bytes` itself, or gathered into `scratch`.
// A gathered tensor is never larger than the bytes it views (readers refuse others). Error kUnsupported when
// the tensor is laid out in another way.
std::span<const std::byte> packed_bytes(const TensorView& tensor, std::vector<std::byte>& scratch);

}  // namespace rwkv
