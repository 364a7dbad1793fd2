// Matrices in every form.
#pragma once
#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include "core/thread_pool.h"
#include "tensor/cast.h"
#include "tensor/pack.h"

namespace rwkv {

// A tensor with its bytes.
struct OwnedMatrix {
  std::vector<std::byte> bytes;
  TensorView view;

  OwnedMatrix(DType dtype, Layout layout, uint64_t rows, uint64_t cols)
      : bytes(packed_byte_size(dtype, layout, rows, cols)), view{"m",   dtype, {rows, cols},
                                                                 bytes, {},    layout} {}
  OwnedMatrix(OwnedMatrix&& other) = default;  // the view stays valid
  OwnedMatrix(const OwnedMatrix&) = delete;
};

inline OwnedMatrix random_matrix(DType dtype, uint64_t rows, uint64_t cols, uint32_t seed = 1) {
  std::mt19937 rng(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(rows * cols);
  for (float& v : values) v = normal(rng);
  OwnedMatrix matrix(dtype, Layout::kOutIn, rows, cols);
  cast_elements(DType::kF32, std::as_bytes(std::span(values)), dtype, matrix.bytes);
  return matrix;
}

inline OwnedMatrix packed(const TensorView& source, DType dtype, Layout layout, size_t n_threads = 1) {
  ThreadPool pool(n_threads);
  OwnedMatrix matrix(dtype, layout, source.shape[0], source.shape[1]);
  pack_strips(source, dtype, layout, 0, matrix.bytes, pool);
  return matrix;
}

// Row by row.
inline std::vector<float> unpacked(const TensorView& matrix) {
  std::vector<float> values(matrix.shape[0] * matrix.shape[1]);
  unpack_rows(matrix, 0, matrix.shape[0], values);
  return values;
}

}  // namespace rwkv
