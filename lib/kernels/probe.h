// What this machine can do at most: the limits that speeds are compared with.
#pragma once
#include <cstddef>

#include "core/thread_pool.h"

namespace rwkv {

struct MachineLimits {
  size_t threads = 0;
  double read_gb_per_s = 0;    // beyond the caches, from huge pages
  double f32_gflop_per_s = 0;  // fused multiply-adds, two operations each
  double int8_gop_per_s = 0;   // multiply-adds of bytes into 32 bits, two operations each
};

// The median of five measurements of each on all of the pool's threads; takes about a second and 1 GiB.
MachineLimits measure_limits(ThreadPool& pool);

}  // namespace rwkv
