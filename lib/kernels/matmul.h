// Matrix products with stored weights: where nearly all time of every RWKV goes.
#pragma once
#include <initializer_list>
#include <span>

#include "core/mat_span.h"
#include "core/thread_pool.h"
#include "tensor/matrix.h"

namespace rwkv {

enum class Store { kSet, kAdd };

// y[t] = W x[t], or y[t] += W x[t], for every row t. x is [rows, w->cols], y [rows, w->rows].
struct MatmulJob {
  const Matrix* w;
  MatSpan<const float> x;
  MatSpan<float> y;
  Store store = Store::kSet;
};

// Runs independent jobs as one parallel step; outputs are divided between the threads, sums never are.
// An output's bits depend only on its row of W, on x[t] and on W's layout: not on the threads, the number of
// rows t, or the SIMD target (of those that have FMA). The order of each sum, all steps FMA in f32:
// kOutIn: 16 partial sums, input c going to sum c mod 16, added by a fixed tree; kInOut: one sum, in order of
// inputs.
void matmul(std::span<const MatmulJob> jobs, ThreadPool& pool);
inline void matmul(std::initializer_list<MatmulJob> jobs, ThreadPool& pool) {
  matmul(std::span(jobs.begin(), jobs.size()), pool);
}

}  // namespace rwkv
