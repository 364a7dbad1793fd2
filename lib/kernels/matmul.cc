#include "kernels/matmul.h"

#include <algorithm>
#include <cassert>

#include "kernels/matmul_parts.h"

namespace rwkv {
namespace {

constexpr size_t kGrainOutputs = 16;  // a thread's share begins at a multiple of it

// The share of `outputs` that begins with this thread.
size_t share_begin(size_t outputs, size_t thread, size_t n_threads) {
  const size_t n_grains = (outputs + kGrainOutputs - 1) / kGrainOutputs;
  return std::min(outputs, n_grains * thread / n_threads * kGrainOutputs);
}

void multiply_tiles(const MatmulJob& job, size_t begin, size_t end, size_t thread, ThreadPool& pool) {
  if (!is_quantised(job.w->dtype)) return matmul_wide_tiles(job, begin, end);
  matmul_quantised_tiles(job, begin, end, pool.scratch(thread, quantised_scratch_bytes(job)));
}

void multiply_outputs(const MatmulJob& job, size_t begin, size_t end, size_t thread, ThreadPool& pool) {
  switch (job.w->layout) {
    case Layout::kOutIn:
      return matmul_out_in(job, begin, end);
    case Layout::kInOut:
      return matmul_in_out(job, begin, end);
    case Layout::kTiles:
      return multiply_tiles(job, begin, end, thread, pool);
  }
}

}  // namespace

void matmul(std::span<const MatmulJob> jobs, ThreadPool& pool) {
  pool.run([&](size_t thread) {
    for (const MatmulJob& job : jobs) {
      assert(job.x.cols == job.w->cols && job.y.cols == job.w->rows && job.x.rows == job.y.rows);
      const size_t begin = share_begin(job.w->rows, thread, pool.size());
      const size_t end = share_begin(job.w->rows, thread + 1, pool.size());
      if (begin < end && job.x.rows > 0) multiply_outputs(job, begin, end, thread, pool);
    }
  });
}

}  // namespace rwkv
