// Takes a model's weights out of a tensor file, checking each once.
#pragma once
#include <cstddef>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/tensor_file.h"
#include "kernels/norm.h"
#include "tensor/matrix.h"

namespace rwkv {

// Bytes of the few tensors that cannot be used where they are mapped (strided ones of a .pth, f64).
using OwnedTensors = std::deque<std::vector<std::byte>>;

constexpr float kLayerNormEps = 1e-5f;

struct Norm {
  std::vector<float> gain, bias;
  NormWeights weights(float eps, size_t n_groups = 1) const { return {gain, bias, eps, n_groups}; }
};

// Every function throws Error kFormat, naming file and tensor, when the tensor is missing, has another number
// of elements or another shape, or is not of floats.
class WeightReader {
 public:
  // `prefix` goes in front of every name; both referenced objects must outlive the matrices.
  WeightReader(const TensorFile& file, OwnedTensors& owned, std::string prefix = {})
      : file_(file), owned_(owned), prefix_(std::move(prefix)) {}

  WeightReader under(std::string_view prefix) const { return {file_, owned_, prefix_ + std::string(prefix)}; }
  bool has(std::string_view name) const { return file_.find(prefix_ + std::string(name)) != nullptr; }
  size_t n_elements(std::string_view name) const;

  // n elements whatever the shape ([n], [1, 1, n] ...), widened to f32.
  std::vector<float> vector(std::string_view name, size_t n) const;
  // A [rows, cols] matrix that is multiplied with, outputs first or as rwkv-convert packed it, used in place.
  Matrix matrix(std::string_view name, size_t rows, size_t cols) const;
  // A [rows, cols] matrix of which rows are looked up, used in place.
  Matrix table(std::string_view name, size_t rows, size_t cols) const;
  // A checkpoint's low-rank [inputs, outputs] matrix, applied as xᵀ M, used in place.
  Matrix low_rank(std::string_view name, size_t inputs, size_t outputs) const;
  // Matrix i of a stack [count, inputs, outputs] of such.
  Matrix low_rank_of(std::string_view name, size_t i, size_t count, size_t inputs, size_t outputs) const;
  // name.weight and name.bias of n elements.
  Norm norm(std::string_view name, size_t n) const;

 private:
  const TensorView& tensor(std::string_view name) const;
  // The tensor without strides and not f64, after a check of its shape.
  struct Stored {
    DType dtype;
    Layout layout;
    std::span<const std::byte> bytes;
  };
  Stored stored(std::string_view name, const Shape& shape) const;
  [[noreturn]] void fail(const TensorView& tensor, const std::string& message) const;

  const TensorFile& file_;
  OwnedTensors& owned_;
  std::string prefix_;
};

}  // namespace rwkv
