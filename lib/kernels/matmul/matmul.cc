#include "kernels/matmul/matmul.h"

#include <algorithm>
#include <cassert>

#include "kernels/matmul/parts.h"

namespace rwkv {
namespace {

// Pieces begin at multiples of it: what kernels take at once.
size_t grain_of(const Matrix& w) {
  if (w.layout == Layout::kOutIn) return kTileOutputs;
  return w.layout == Layout::kLines ? line_outputs(w.dtype) : 2 * kTileOutputs;
}

// Outputs [begin, end) of a job: one of `count` pieces, as equal as the grain allows.
struct Piece {
  size_t begin, end;

  Piece(const Matrix& w, size_t i, size_t count) {
    const size_t grain = grain_of(w), n_grains = (w.rows + grain - 1) / grain;
    begin = std::min(w.rows, n_grains * i / count * grain);
    end = std::min(w.rows, n_grains * (i + 1) / count * grain);
  }
};

// How many pieces of a job each thread owns: enough for others to help, but low-rank matrices of checkpoints
// are read in runs of outputs, which should not be short.
size_t pieces_of(const MatmulJob& job, const ThreadPool& pool) {
  constexpr size_t kPieces = 8, kPiecesInOut = 2;
  if (pool.size() == 1) return 1;
  return job.w->layout == Layout::kInOut ? kPiecesInOut : kPieces;
}

// Codes of x are made once for all threads where x has many rows; a single row every thread quantises itself,
// which is quicker than to wait for the others.
bool shares_codes(const MatmulJob& job) { return is_quantised(job.w->dtype) && job.x.rows > 1; }

size_t shared_codes_bytes(const MatmulJob& job) {
  return shares_codes(job) ? (quantised_x_bytes(job) + 63) / 64 * 64 : 0;
}

// Makes x of all jobs, of rows [begin, end): codes, one job's after the other's, of those that share them.
// lazy_row: for the longest row.
void make_rows(std::span<const MatmulJob> jobs, size_t begin, size_t end, std::byte* codes, float* lazy_row) {
  for (size_t row = begin; row < end; ++row) {
    std::byte* codes_of_job = codes;
    for (const MatmulJob& job : jobs) {
      const bool is_lazy = job.lazy.make != nullptr, shared = shares_codes(job);
      if (is_lazy) job.lazy.make(row, shared ? std::span(lazy_row, job.x.cols) : job.lazy.place.row(row));
      if (shared) quantise_row(job, row, is_lazy ? lazy_row : job.x.row_data(row), codes_of_job);
      codes_of_job += shared_codes_bytes(job);
    }
  }
}

// make_rows() of all rows, shared out between the threads if that pays. Returns the codes; null if none are
// shared.
std::byte* make_inputs(std::span<const MatmulJob> jobs, ThreadPool& pool) {
  const size_t n_rows = jobs.front().x.rows;
  size_t n_codes = 0, n_cols = 0, longest = 0;
  for (const MatmulJob& job : jobs) {
    assert(job.x.cols == job.w->cols && job.y.cols == job.w->rows && job.x.rows == n_rows &&
           job.y.rows == n_rows);
    n_codes += shared_codes_bytes(job);
    if (job.lazy.make == nullptr && !shares_codes(job)) continue;
    n_cols += job.x.cols;
    longest = std::max(longest, job.x.cols);
  }
  if (n_cols == 0) return nullptr;
  std::byte* const codes = n_codes == 0 ? nullptr : pool.shared_scratch(n_codes);
  const auto part = [&](size_t thread, size_t begin, size_t end) {
    auto* lazy_row = reinterpret_cast<float*>(pool.scratch(thread, longest * sizeof(float)));
    make_rows(jobs, begin, end, codes, lazy_row);
  };
  if (n_rows == 1 || n_rows * n_cols < kParallelElements) {
    part(0, 0, n_rows);
  } else {
    pool.run_pieces(1, [&](size_t thread) {
      return [&, thread](size_t owner, size_t) {
        part(thread, n_rows * owner / pool.size(), n_rows * (owner + 1) / pool.size());
      };
    });
  }
  return codes;
}

// Does pieces on one thread.
class Worker {
 public:
  Worker(std::span<const MatmulJob> jobs, const std::byte* shared_codes, size_t thread, ThreadPool& pool)
      : jobs_(jobs), shared_codes_(shared_codes), thread_(thread), pool_(pool) {}

  // The owner's piece `piece`, counted over all jobs.
  void operator()(size_t owner, size_t piece) {
    const std::byte* codes = shared_codes_;
    for (const MatmulJob& job : jobs_) {
      const size_t n = pieces_of(job, pool_);
      if (piece < n) {
        const Piece outputs(*job.w, owner * n + piece, pool_.size() * n);
        if (outputs.begin < outputs.end && job.x.rows > 0) multiply(job, outputs, codes);
        return;
      }
      piece -= n;
      codes += shared_codes_bytes(job);
    }
  }

 private:
  void multiply(const MatmulJob& job, const Piece& outputs, const std::byte* shared_codes) {
    if (!is_quantised(job.w->dtype)) return multiply_wide(job, outputs);
    if (job.x.rows > 1) {
      std::byte* scratch = pool_.scratch(thread_, quantised_scratch_bytes());
      return matmul_quantised(job, shared_codes, outputs.begin, outputs.end, scratch);
    }
    prepare_row(job);
    is_row_of_lines(job) ? matmul_quantised_row_of_lines(job, row_, outputs.begin, outputs.end)
                         : matmul_quantised(job, row_, outputs.begin, outputs.end, nullptr);
  }

  void multiply_wide(const MatmulJob& job, const Piece& outputs) {
    if (job.w->layout == Layout::kOutIn) return matmul_out_in(job, outputs.begin, outputs.end);
    if (job.x.rows > 1) {
      std::byte* scratch = pool_.scratch(thread_, rows_of_tiles_scratch_bytes());
      return matmul_rows_of_tiles(job, outputs.begin, outputs.end, scratch);
    }
    if (job.w->layout == Layout::kInOut) return matmul_row_in_out(job, outputs.begin, outputs.end);
    if (job.w->layout == Layout::kTiles) return matmul_row_of_tiles(job, outputs.begin, outputs.end);
    prepare_row(job);
    matmul_row_of_lines(job, row_, outputs.begin, outputs.end);
  }

  // Makes, once for each job, what a single row is multiplied as.
  void prepare_row(const MatmulJob& job) {
    if (prepared_ == &job) return;
    const bool quantised = is_quantised(job.w->dtype);
    row_ = pool_.scratch(thread_, quantised ? quantised_x_bytes(job) : active_inputs_bytes(job));
    quantised ? quantise_row(job, 0, job.x.data, row_) : find_active_inputs(job, row_);
    prepared_ = &job;
  }

  std::span<const MatmulJob> jobs_;
  const std::byte* shared_codes_;
  size_t thread_;
  ThreadPool& pool_;
  const MatmulJob* prepared_ = nullptr;  // the job of which this thread has row_
  std::byte* row_ = nullptr;
};

}  // namespace

void matmul(std::span<const MatmulJob> jobs, ThreadPool& pool) {
  const std::byte* const shared_codes = make_inputs(jobs, pool);
  size_t n_pieces = 0;
  for (const MatmulJob& job : jobs) n_pieces += pieces_of(job, pool);
  pool.run_pieces(n_pieces, [&](size_t thread) { return Worker(jobs, shared_codes, thread, pool); });
}

}  // namespace rwkv
