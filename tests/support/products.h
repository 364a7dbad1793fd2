// Products of a matrix and random rows.
#pragma once
#include <random>
#include <vector>

#include "kernels/matmul/matmul.h"

namespace rwkv {

inline std::vector<float> random_rows(size_t n, uint32_t seed = 2) {
  std::mt19937 rng(seed);
  std::normal_distribution<float> normal;
  std::vector<float> x(n);
  for (float& v : x) v = normal(rng);
  return x;
}

// Set, or added to ones.
inline std::vector<float> product(const Matrix& w, const std::vector<float>& x, size_t n_rows,
                                  size_t n_threads = 1, Store store = Store::kSet) {
  ThreadPool pool(n_threads);
  std::vector<float> y(n_rows * w.rows, 1.0F);
  matmul({{&w, {x.data(), n_rows, w.cols}, {y.data(), n_rows, w.rows}, store}}, pool);
  return y;
}

}  // namespace rwkv
