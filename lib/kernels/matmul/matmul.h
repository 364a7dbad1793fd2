// Matrix products with stored weights, which take nearly all the time of a model.
#pragma once
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <span>
#include <utility>

#include "core/mat_span.h"
#include "core/thread_pool.h"
#include "tensor/matrix.h"

namespace rwkv {

enum class Store { kSet, kAdd };

// Rows of x that kernels multiply at once; more rows are multiplied in turns.
constexpr size_t kRowsAtOnce = 96;

// Rows of x that are computed on demand. For quantised weights each row is computed into a buffer that stays
// in the caches, and quantised at once; `place` is not written. For other weights it is computed into
// `place`.
struct LazyRows {
  MatSpan<float> place;
  // Writes a whole row to `out`, which may be the row of `place`. Called once for each job, on any thread.
  std::function<void(size_t row, std::span<float> out)> make;
};

// y[t] = W x[t], or y[t] += W x[t], for every row t. x is [rows, w->cols], y is [rows, w->rows].
struct MatmulJob {
  MatmulJob(const Matrix* weights, MatSpan<const float> rows, MatSpan<float> out, Store how = Store::kSet)
      : w(weights), x(rows), y(out), store(how) {}
  MatmulJob(const Matrix* weights, LazyRows rows, MatSpan<float> out, Store how = Store::kSet)
      : w(weights), x(rows.place), y(out), store(how), lazy(std::move(rows)) {}

  const Matrix* w;
  MatSpan<const float> x;
  MatSpan<float> y;
  Store store;
  LazyRows lazy;  // without `make`: x has been computed
};

// Runs independent jobs, at least one, all with the same number of rows, as one parallel step; threads divide
// outputs, never sums. The bits of an output depend only on its row of W, on x[t] and on W's layout: not on
// the threads, the number of rows, or the SIMD target (among those with FMA). The order of each sum, all
// steps FMA in f32: kOutIn: 16 partial sums, input c in sum c mod 16, added by a fixed tree; kInOut: one sum,
// in order of inputs.
void matmul(std::span<const MatmulJob> jobs, ThreadPool& pool);
inline void matmul(std::initializer_list<MatmulJob> jobs, ThreadPool& pool) {
  matmul(std::span(jobs.begin(), jobs.size()), pool);
}

}  // namespace rwkv
