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

// Makes the elements of a tensor that no file holds as they are: quantised in another's format, compressed,
// computed. Immutable, so that threads may share it; the file's bytes must outlive it.
class TensorSource {
 public:
  TensorSource() = default;
  TensorSource(const TensorSource&) = delete;
  TensorSource& operator=(const TensorSource&) = delete;
  virtual ~TensorSource() = default;
  // Writes elements first, first + 1 ... until `out`, which is aligned to them, is full: in the dtype of the
  // view, which must be one that loses nothing. Error kFormat.
  virtual void read(uint64_t first, std::span<std::byte> out) const = 0;
  // Whether parts are dear out of order, so that threads must not share out one tensor.
  virtual bool in_order() const { return false; }
};

// Where a tensor comes from, for reports. Empty where nothing was changed.
struct TensorOrigin {
  std::string name = {};                     // in the file: "model.layers.0.attn.r_proj.weight"
  std::string type = {};                     // there, where the dtype does not tell: "Q4_K"
  std::vector<std::string> transforms = {};  // of its elements, in their order: "transposed", "times 4"
};

// A named tensor. Does not own the bytes.
struct TensorView {
  std::string name;
  DType dtype = DType::kF32;
  Shape shape;
  // Packed, row-major, unless `strides` says otherwise; any alignment. With a `source`: the part of the file
  // that it reads, if that is known.
  std::span<const std::byte> bytes;
  std::vector<uint64_t> strides = {};  // empty: packed. Else one a dimension, in elements
  // Not kOutIn, or dtype quantised: a matrix, shape [outputs, inputs], whose bytes are as
  // tensor/packed_layout.h says.
  Layout layout = Layout::kOutIn;
  // Not null: makes the elements, which stand there, from `first` on, as they would in `bytes`.
  std::shared_ptr<const TensorSource> source = {};
  uint64_t first = 0;
  // Made of fewer bits than `dtype` has: matrices become q8 when a model is loaded, and bf16 when a file is
  // converted, unless something else is asked for.
  bool requantise = false;
  TensorOrigin origin = {};

  // Whether `bytes` are its elements, one after the other.
  bool packed() const { return strides.empty() && source == nullptr; }
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

// The tensor's elements packed in row-major order: `bytes` itself, or gathered or made in `scratch`, by
// several threads where a pool is given. A gathered tensor is never larger than what it is a view of (readers
// refuse others). Error kUnsupported when the tensor is laid out in another way.
std::span<const std::byte> packed_bytes(const TensorView& tensor, std::vector<std::byte>& scratch,
                                        ThreadPool* pool = nullptr);

// The strides of packed elements.
std::vector<uint64_t> row_major_strides(const Shape& shape);
// How many elements, of bytes or source, the tensor spans from its first to its last; it has one. Error
// kFormat on overflow.
uint64_t extent_of(const TensorView& tensor);

}  // namespace rwkv
