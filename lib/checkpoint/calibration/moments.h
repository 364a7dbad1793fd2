// The second moments of the inputs of a matrix.
#pragma once
#include <cstddef>
#include <span>
#include <vector>

#include "core/mat_span.h"
#include "core/thread_pool.h"

namespace rwkv {

// H = Σ s x xᵀ over rows x of `size` inputs, s being the weight of a row. Sums are f32 over 1,024 rows and
// f64 beyond. The bits do not depend on the number of threads, the split into calls or the SIMD target.
class Moments {
 public:
  explicit Moments(size_t size);

  size_t size() const { return size_; }
  // Adds rows [n, size]. `roots` holds the square roots of their weights; empty: all weights are 1.
  void add(MatSpan<const float> rows, std::span<const float> roots, ThreadPool& pool);
  // To be called after the last row.
  void finish(ThreadPool& pool);
  // H[i][j], j <= i.
  double at(size_t i, size_t j) const { return sums_[i * size_ + j]; }

 private:
  void multiply(ThreadPool& pool);

  size_t size_;
  std::vector<double> sums_;  // [size, size], the lower triangle
  std::vector<float> rows_;   // [size, kRowsTogether], transposed
  size_t n_rows_ = 0;         // in rows_
  std::vector<float> products_;
};

}  // namespace rwkv
