// Matrices into the forms of tensor/packed_layout.h, and out of them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/thread_pool.h"
#include "tensor/tensor_view.h"

namespace rwkv {

// Matrices here are views without strides, of floats or quantised, in any layout but kInOut, neither
// dimension 0.

// Every form consists of strips of equal size, one after the other, which hold whole rows: of 16 outputs in
// tiles, of line_outputs() in lines, of one when kOutIn.
struct Strips {
  uint64_t count;
  uint64_t outputs;   // that one has room for
  size_t bytes;       // of one
  uint64_t elements;  // that one has room for
};
Strips strips_of(DType dtype, Layout layout, const Shape& shape);

// Writes strips of `source` in another form, from strip `first` on as many as `out` has room for. Wide
// elements are rounded once, to nearest. Returns how many finite elements became infinite. The bytes do not
// depend on the number of threads. Error kFormat when a weight cannot be quantised.
uint64_t pack_strips(const TensorView& source, DType dtype, Layout layout, uint64_t first,
                     std::span<std::byte> out, ThreadPool& pool);

// The weights of outputs [first, first + n_rows), row by row, as f64, f32, f16 or bf16: n_rows * inputs of
// them. Returns how many finite ones became infinite.
uint64_t unpack_rows(const TensorView& matrix, uint64_t first, uint64_t n_rows, DType to,
                     std::span<std::byte> out);
inline void unpack_rows(const TensorView& matrix, uint64_t first, uint64_t n_rows, std::span<float> out) {
  unpack_rows(matrix, first, n_rows, DType::kF32, std::as_writable_bytes(out));
}

}  // namespace rwkv
