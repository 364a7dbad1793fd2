// Converts matrices into the forms of tensor/packed_layout.h and back.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

#include "core/thread_pool.h"
#include "tensor/quantize.h"
#include "tensor/tensor_view.h"

namespace rwkv {

// Matrices here are views without strides, of floats or quantised, in any layout but kInOut; no dimension is
// 0.

// Every form consists of consecutive strips of equal size, each of whole outputs: 16 in tiles, line_outputs()
// in lines, one in kOutIn.
struct Strips {
  uint64_t count;
  size_t bytes;       // of one strip
  uint64_t elements;  // that fit into a strip
};
Strips strips_of(DType dtype, Layout layout, const Shape& shape);

// Quantises whole outputs, the first of which has index `first`. `weights` holds the outputs one after the
// other; `blocks` receives ceil(length / 32) blocks for each. Called on several threads at once.
using RoundOutputs =
    std::function<void(uint64_t first, std::span<const float> weights, std::span<QuantisedBlock> blocks)>;

// Writes strips of `source` in another form: as many as `out` has room for, beginning with strip `first`.
// Wide elements are rounded once, to nearest; `round` quantises weights, or quantise() if `round` is empty.
// Returns how many finite elements became infinite. The bytes do not depend on the number of threads. Error
// kFormat when a weight cannot be quantised.
uint64_t pack_strips(const TensorView& source, DType dtype, Layout layout, uint64_t first,
                     std::span<std::byte> out, ThreadPool& pool, const RoundOutputs& round = {});

// Some rows of a matrix, or some columns.
struct Slices {
  bool columns = false;
  uint64_t first = 0, count = 0;
};
// What strips hold: rows, or columns for turned tiles.
Slices slices_of_strips(DType dtype, Layout layout, const Shape& shape, uint64_t first, uint64_t count);

// The weights of the slices, one row or column after the other, as f64, f32, f16 or bf16. Returns how many
// finite weights became infinite.
uint64_t unpack(const TensorView& matrix, const Slices& slices, DType to, std::span<std::byte> out);

// The weights of rows [first, first + n_rows) as f32: n_rows * shape[1] of them.
inline void unpack_rows(const TensorView& matrix, uint64_t first, uint64_t n_rows, std::span<float> out) {
  unpack(matrix, {false, first, n_rows}, DType::kF32, std::as_writable_bytes(out));
}

}  // namespace rwkv
