// Measures this machine's limits, with which speeds are compared.
#pragma once
#include <cstddef>

#include "core/thread_pool.h"

namespace rwkv {

struct MachineLimits {
  size_t threads = 0;
  double read_gb_per_s = 0;     // beyond the caches, from huge pages
  double f32_gflop_per_s = 0;   // fused multiply-adds, two operations each
  double bf16_gflop_per_s = 0;  // multiply-adds of bf16 pairs into f32, two operations a product
  double int8_gop_per_s = 0;    // multiply-adds of bytes into 32 bits, two operations each
};

// The medians of five measurements on all threads of the pool; takes about a second and 1 GiB.
MachineLimits measure_limits(ThreadPool& pool);

}  // namespace rwkv
