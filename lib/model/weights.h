// Reads a model's weights from a tensor file; checks each once.
#pragma once
#include <cstddef>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "formats/tensor_file.h"
#include "kernels/norm.h"
#include "tensor/matrix.h"

namespace rwkv {

// Options of reading weights, and the results beside the weights.
struct LoadedWeights {
  // Only checks tensors: no matrix is made, and the returned ones must not be multiplied.
  bool check_only = false;
  size_t n_threads = 1;                        // for making tensors
  std::unique_ptr<ThreadPool> pool = nullptr;  // of n_threads, from the first tensor that is made on

  // The bytes of tensors that cannot be used in the mapping (strided ones of a .pth, f64, those with a
  // source).
  std::deque<std::vector<std::byte>> made;
  uint64_t made_bytes = 0;                                           // of `made`
  std::unordered_set<const TensorView*> claimed;                     // the tensors read so far
  std::vector<std::string> zero_matrices;                            // names of matrices that hold only zeros
  std::unordered_map<const std::byte*, const TensorView*> by_bytes;  // matrices by the address of their bytes
};

// The message about a tensor that should hold something else.
constexpr const char* kAllZeros = "holds nothing but zeros: an incomplete download?";

constexpr float kLayerNormEps = 1e-5f;

struct Norm {
  std::vector<float> gain, bias;
  NormWeights weights(float eps, size_t n_groups = 1) const { return {gain, bias, eps, n_groups}; }
};

// Every function throws Error kFormat, naming file and tensor, when the tensor is missing, has another number
// of elements or another shape, is not of floats, or has an element that is not finite (vectors are checked
// fully, matrices in a few samples).
class WeightReader {
 public:
  // `prefix` goes in front of every name; file and loaded must outlive the matrices.
  WeightReader(const TensorFile& file, LoadedWeights& loaded, std::string prefix = {})
      : file_(file), loaded_(loaded), prefix_(std::move(prefix)) {}

  WeightReader under(std::string_view prefix) const {
    return {file_, loaded_, prefix_ + std::string(prefix)};
  }
  bool has(std::string_view name) const { return file_.find(prefix_ + std::string(name)) != nullptr; }
  size_t n_elements(std::string_view name) const;

  // n elements whatever the shape ([n], [1, 1, n] ...), widened to f32.
  std::vector<float> vector(std::string_view name, size_t n) const;
  // A [rows, cols] matrix for products, in rows or as rwkv-convert packed it, used in place. A matrix
  // quantised in another program's format becomes q8, here and below.
  Matrix matrix(std::string_view name, size_t rows, size_t cols) const;
  // A [rows, cols] matrix whose rows are looked up, used in place.
  Matrix table(std::string_view name, size_t rows, size_t cols) const;
  // A checkpoint's low-rank [inputs, outputs] matrix, applied as xᵀ M, used in place, transposed or not.
  Matrix low_rank(std::string_view name, size_t inputs, size_t outputs) const;
  // A stack [count, inputs, outputs] of low-rank matrices.
  std::vector<Matrix> low_rank_stack(std::string_view name, size_t count, size_t inputs,
                                     size_t outputs) const;
  // name.weight, not all zero, and name.bias, of n elements each.
  Norm norm(std::string_view name, size_t n) const;

 private:
  const TensorView& tensor(std::string_view name) const;
  // The part of a tensor that kernels read, after a check of its shape. With transposed_too, a matrix that
  // lies_transposed() is returned as it is.
  struct Stored {
    DType dtype;
    Layout layout;
    std::span<const std::byte> bytes;
  };
  Stored stored(std::string_view name, const Shape& shape, bool transposed_too = false) const;
  Stored stored(const TensorView& tensor, bool transposed_too) const;
  Stored kept(const TensorView& tensor, std::span<const std::byte> bytes) const;
  Stored quantised(const TensorView& tensor) const;
  std::span<const std::byte> own(std::vector<std::byte> bytes) const;
  void look_at(const TensorView& tensor, const Stored& stored) const;
  void check_finite(const TensorView& tensor, std::span<const float> values) const;
  [[noreturn]] void fail(const TensorView& tensor, const std::string& message) const;

  const TensorFile& file_;
  LoadedWeights& loaded_;
  std::string prefix_;
};

}  // namespace rwkv
