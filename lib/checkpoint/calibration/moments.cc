#include "checkpoint/calibration/moments.h"

#include <algorithm>
#include <span>

#include "kernels/matmul/matmul.h"

namespace rwkv {
namespace {

constexpr size_t kRowsTogether = 1024;
constexpr size_t kStripe = 256;  // inputs whose products with all before them are made at once

}  // namespace

Moments::Moments(size_t size) : size_(size), sums_(size * size), rows_(size * kRowsTogether) {}

void Moments::add(MatSpan<const float> rows, std::span<const float> roots, ThreadPool& pool) {
  for (size_t first = 0; first < rows.rows;) {
    const auto part = rows.rows_at(first, std::min(rows.rows - first, kRowsTogether - n_rows_));
    pool.for_ranges(size_, kParallelElements / part.rows + 1, [&](size_t begin, size_t end) {
      for (size_t i = begin; i < end; ++i) {
        float* to = rows_.data() + i * kRowsTogether + n_rows_;
        for (size_t row = 0; row < part.rows; ++row) {
          const float x = part.row_data(row)[i];
          to[row] = roots.empty() ? x : x * roots[first + row];
        }
      }
    });
    first += part.rows;
    n_rows_ += part.rows;
    if (n_rows_ == kRowsTogether) multiply(pool);
  }
}

void Moments::finish(ThreadPool& pool) {
  for (size_t i = 0; i < size_; ++i)
    std::fill_n(rows_.data() + i * kRowsTogether + n_rows_, kRowsTogether - n_rows_, 0.0F);
  if (n_rows_ > 0) multiply(pool);
  rows_ = {};
  products_ = {};
}

// The rows that are together: as a matrix, by outputs, and as what the matrix is multiplied with.
void Moments::multiply(ThreadPool& pool) {
  const MatSpan<const float> inputs(rows_.data(), size_, kRowsTogether);
  for (size_t begin = 0; begin < size_; begin += kStripe) {
    const size_t n = std::min(kStripe, size_ - begin), end = begin + n;
    const Matrix before{DType::kF32, Layout::kOutIn, end, kRowsTogether,
                        std::as_bytes(std::span(rows_).first(end * kRowsTogether))};
    products_.resize(kStripe * size_);
    const MatSpan<float> products(products_.data(), n, end);
    matmul({{&before, inputs.rows_at(begin, n), products}}, pool);
    pool.for_ranges(n, kParallelElements / end + 1, [&](size_t first, size_t last) {
      for (size_t i = first; i < last; ++i) {
        double* sums = sums_.data() + (begin + i) * size_;
        for (size_t j = 0; j <= begin + i; ++j) sums[j] += static_cast<double>(products.row_data(i)[j]);
      }
    });
  }
  n_rows_ = 0;
}

}  // namespace rwkv
