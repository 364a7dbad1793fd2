#include "kernels/matmul.h"

#include <algorithm>
#include <cassert>

#include "kernels/matmul_parts.h"

namespace rwkv {
namespace {

// A thread's share of the outputs begins at a multiple of it.
size_t grain_of(const Matrix& w) {
  return is_quantised(w.dtype) && w.layout == Layout::kInOut ? kInOutGroup : kTileOutputs;
}

// Where in `outputs` this thread's share begins.
size_t share_begin(const Matrix& w, size_t thread, size_t n_threads) {
  const size_t grain = grain_of(w), n_grains = (w.rows + grain - 1) / grain;
  return std::min(w.rows, n_grains * thread / n_threads * grain);
}

void multiply_quantised(const MatmulJob& job, size_t begin, size_t end, size_t thread, ThreadPool& pool) {
  if (job.w->layout == Layout::kInOut && job.x.rows == 1) {
    std::byte* scratch = pool.scratch(thread, quantised_row_in_out_scratch_bytes(job));
    return matmul_quantised_row_in_out(job, begin, end, scratch);
  }
  matmul_quantised(job, begin, end, pool.scratch(thread, quantised_scratch_bytes(job)));
}

void multiply_outputs(const MatmulJob& job, size_t begin, size_t end, size_t thread, ThreadPool& pool) {
  if (is_quantised(job.w->dtype)) return multiply_quantised(job, begin, end, thread, pool);
  if (job.w->layout == Layout::kOutIn) return matmul_out_in(job, begin, end);
  if (job.x.rows > 1) {
    std::byte* scratch = pool.scratch(thread, rows_of_tiles_scratch_bytes());
    return matmul_rows_of_tiles(job, begin, end, scratch);
  }
  job.w->layout == Layout::kTiles ? matmul_row_of_tiles(job, begin, end) : matmul_row_in_out(job, begin, end);
}

}  // namespace

void matmul(std::span<const MatmulJob> jobs, ThreadPool& pool) {
  pool.run([&](size_t thread) {
    for (const MatmulJob& job : jobs) {
      assert(job.x.cols == job.w->cols && job.y.cols == job.w->rows && job.x.rows == job.y.rows);
      const size_t begin = share_begin(*job.w, thread, pool.size());
      const size_t end = share_begin(*job.w, thread + 1, pool.size());
      if (begin < end && job.x.rows > 0) multiply_outputs(job, begin, end, thread, pool);
    }
  });
}

}  // namespace rwkv
