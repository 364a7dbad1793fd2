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

// Codes of x are made once for all threads where x has many rows; a single row every thread quantises itself,
// which is quicker than to wait for the others.
bool shares_codes(const MatmulJob& job) { return is_quantised(job.w->dtype) && job.x.rows > 1; }

size_t shared_codes_bytes(const MatmulJob& job) {
  return shares_codes(job) ? (quantised_x_bytes(job) + 63) / 64 * 64 : 0;
}

// Makes the codes of x of all jobs, one job's after the other's. Null if none shares them.
std::byte* make_shared_codes(std::span<const MatmulJob> jobs, ThreadPool& pool) {
  size_t n_bytes = 0;
  for (const MatmulJob& job : jobs) n_bytes += shared_codes_bytes(job);
  if (n_bytes == 0) return nullptr;
  std::byte* const all = pool.shared_scratch(n_bytes);
  pool.run([&](size_t thread) {
    std::byte* codes = all;
    for (const MatmulJob& job : jobs) {
      const size_t n_rows = job.x.rows, n = pool.size();
      if (shares_codes(job)) quantise_x(job, n_rows * thread / n, n_rows * (thread + 1) / n, codes);
      codes += shared_codes_bytes(job);
    }
  });
  return all;
}

void multiply_quantised(const MatmulJob& job, const std::byte* codes, size_t begin, size_t end, size_t thread,
                        ThreadPool& pool) {
  if (shares_codes(job))
    return matmul_quantised(job, codes, begin, end, pool.scratch(thread, quantised_scratch_bytes()));
  if (job.w->layout == Layout::kInOut) {
    std::byte* scratch = pool.scratch(thread, quantised_row_in_out_scratch_bytes(job));
    return matmul_quantised_row_in_out(job, begin, end, scratch);
  }
  std::byte* own_codes = pool.scratch(thread, quantised_x_bytes(job));
  quantise_x(job, 0, 1, own_codes);
  matmul_quantised(job, own_codes, begin, end, nullptr);
}

void multiply_wide(const MatmulJob& job, size_t begin, size_t end, size_t thread, ThreadPool& pool) {
  if (job.w->layout == Layout::kOutIn) return matmul_out_in(job, begin, end);
  if (job.x.rows > 1) {
    std::byte* scratch = pool.scratch(thread, rows_of_tiles_scratch_bytes());
    return matmul_rows_of_tiles(job, begin, end, scratch);
  }
  job.w->layout == Layout::kTiles ? matmul_row_of_tiles(job, begin, end) : matmul_row_in_out(job, begin, end);
}

}  // namespace

void matmul(std::span<const MatmulJob> jobs, ThreadPool& pool) {
  const std::byte* const all_codes = make_shared_codes(jobs, pool);
  pool.run([&](size_t thread) {
    const std::byte* codes = all_codes;
    for (const MatmulJob& job : jobs) {
      assert(job.x.cols == job.w->cols && job.y.cols == job.w->rows && job.x.rows == job.y.rows);
      const size_t begin = share_begin(*job.w, thread, pool.size());
      const size_t end = share_begin(*job.w, thread + 1, pool.size());
      if (begin < end && job.x.rows > 0) {
        is_quantised(job.w->dtype) ? multiply_quantised(job, codes, begin, end, thread, pool)
                                   : multiply_wide(job, begin, end, thread, pool);
      }
      codes += shared_codes_bytes(job);
    }
  });
}

}  // namespace rwkv
