// One tensor inside a file.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/thread_pool.h"
#include "tensor/dtype.h"
#include "tensor/packed_layout.h"

namespace rwkv {

// Makes elements that the file does not hold as they are: quantised in another format, compressed, or
// computed. Immutable, so that threads may share it; the file's bytes must outlive it.
class TensorSource {
 public:
  TensorSource() = default;
  TensorSource(const TensorSource&) = delete;
  TensorSource& operator=(const TensorSource&) = delete;
  virtual ~TensorSource() = default;
  // Writes elements first, first + 1 ... until `out`, which is aligned to them, is full, in the view's dtype,
  // which must not lose any bits. Error kFormat.
  virtual void read(uint64_t first, std::span<std::byte> out) const = 0;
  // Whether reading out of order is slow, so that threads must not divide one tensor.
  virtual bool in_order() const { return false; }
};

// Where a tensor comes from, for reports. Empty where nothing was changed.
struct TensorOrigin {
  std::string name = {};                     // the name in the file: "model.layers.0.attn.r_proj.weight"
  std::string type = {};                     // the type in the file, if dtype does not say it: "Q4_K"
  std::vector<std::string> transforms = {};  // applied to the elements, in order: "transposed", "times 4"
};

// A named tensor. Does not own the bytes.
struct TensorView {
  std::string name;
  DType dtype = DType::kF32;
  Shape shape;
  // Packed and row-major unless `strides` is given; any alignment. With a `source`: the part of the file that
  // the source reads, if known.
  std::span<const std::byte> bytes;
  std::vector<uint64_t> strides = {};  // empty: packed. Else one for each dimension, in elements
  // If not kOutIn, or if dtype is quantised: a matrix of shape [outputs, inputs], stored as
  // tensor/packed_layout.h describes.
  Layout layout = Layout::kOutIn;
  // Not null: makes the elements; `bytes` then does not hold them.
  std::shared_ptr<const TensorSource> source = {};
  uint64_t first = 0;
  // The file stores fewer bits than `dtype` has: such matrices become q8 when a model is loaded, and bf16
  // when a file is converted, unless the user asks for another dtype.
  bool requantise = false;
  TensorOrigin origin = {};

  // Whether `bytes` are the elements, in order.
  bool packed() const { return strides.empty() && source == nullptr; }
};

inline bool is_laid_out(const TensorView& tensor) { return is_laid_out(tensor.dtype, tensor.layout); }

// Bytes of the tensor's elements, in any layout.
uint64_t byte_size(const TensorView& tensor);

// What a format's reader finds in a file.
struct TensorList {
  std::vector<TensorView> tensors;              // in file order; TensorFile checks the names
  std::map<std::string, std::string> metadata;  // safetensors' __metadata__; empty elsewhere
};

// How messages name a tensor: "tensor blocks.3.att.key.weight".
std::string tensor_label(std::string_view name);

// The tensor's elements packed in row-major order: `bytes` itself, or gathered or made in `scratch`, by
// several threads if a pool is given. A gathered tensor is never larger than its storage (readers refuse
// others). Error kUnsupported when the tensor is in another layout.
std::span<const std::byte> packed_bytes(const TensorView& tensor, std::vector<std::byte>& scratch,
                                        ThreadPool* pool = nullptr);

// The strides of packed elements.
std::vector<uint64_t> row_major_strides(const Shape& shape);
// How many elements, of bytes or source, lie between the tensor's first and last; the tensor is not empty.
// Error kFormat on overflow.
uint64_t extent_of(const TensorView& tensor);

}  // namespace rwkv
