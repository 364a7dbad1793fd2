#include "kernels/matmul/matmul.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "kernels/matmul/plan.h"

namespace rwkv {
namespace {

// A job and its plan.
struct PlannedJob {
  const MatmulJob* job = nullptr;
  const MatmulPlan* plan = nullptr;
  size_t pieces = 0;                 // of each thread
  std::byte* shared_rows = nullptr;  // prepared rows; null where threads do not share them

  PlannedJob() = default;
  PlannedJob(const MatmulJob& what, const ThreadPool& pool)
      : job(&what), plan(&plan_for(what)), pieces(pool.size() == 1 ? 1 : plan->pieces) {
    assert(what.x.cols == what.w->cols && what.y.cols == what.w->rows && what.y.rows == what.x.rows);
  }
  bool prepares() const { return plan->prepare_row != nullptr; }
  // Many rows are prepared once for all threads; a single row is prepared by every thread for itself, which
  // is faster than waiting for the others.
  bool shares_rows() const { return prepares() && job->x.rows > 1; }
  bool is_lazy() const { return job->lazy.make != nullptr; }
  size_t prepared_bytes() const { return (plan->prepared_bytes(*job) + 63) / 64 * 64; }
};
using PlannedJobs = std::span<PlannedJob>;

// Outputs [begin, end) of a job: piece i of `count`; pieces are as equal as the grain allows.
struct Piece {
  size_t begin, end;

  Piece(const PlannedJob& of, size_t i, size_t count) {
    const size_t grain = of.plan->grain, outputs = of.job->w->rows, n_grains = (outputs + grain - 1) / grain;
    begin = std::min(outputs, n_grains * i / count * grain);
    end = std::min(outputs, n_grains * (i + 1) / count * grain);
  }
};

// Computes the lazy rows [begin, end) of every job, and prepares the rows that threads share. lazy_row has
// room for the longest row.
void make_rows(PlannedJobs jobs, size_t begin, size_t end, float* lazy_row) {
  for (size_t row = begin; row < end; ++row) {
    for (const PlannedJob& planned : jobs) {
      const MatmulJob& job = *planned.job;
      const bool shared = planned.shares_rows();
      if (planned.is_lazy())
        job.lazy.make(row, shared ? std::span(lazy_row, job.x.cols) : job.lazy.place.row(row));
      if (shared) {
        const float* x = planned.is_lazy() ? lazy_row : job.x.row_data(row);
        planned.plan->prepare_row(job, row, x, planned.shared_rows);
      }
    }
  }
}

// Sets the places of rows for jobs that share them.
void place_shared_rows(PlannedJobs jobs, ThreadPool& pool) {
  size_t n_bytes = 0;
  for (const PlannedJob& planned : jobs) n_bytes += planned.shares_rows() ? planned.prepared_bytes() : 0;
  std::byte* place = n_bytes == 0 ? nullptr : pool.shared_scratch(n_bytes);
  for (PlannedJob& planned : jobs) {
    if (!planned.shares_rows()) continue;
    planned.shared_rows = place;
    place += planned.prepared_bytes();
  }
}

// make_rows() for all rows, divided between the threads if there are enough.
void make_inputs(PlannedJobs jobs, ThreadPool& pool) {
  const size_t n_rows = jobs.front().job->x.rows;
  size_t n_cols = 0, longest = 0;
  for (const PlannedJob& planned : jobs) {
    assert(planned.job->x.rows == n_rows);
    if (!planned.is_lazy() && !planned.shares_rows()) continue;
    n_cols += planned.job->x.cols;
    longest = std::max(longest, planned.job->x.cols);
  }
  if (n_cols == 0) return;
  place_shared_rows(jobs, pool);
  const auto part = [&](size_t thread, size_t begin, size_t end) {
    make_rows(jobs, begin, end, reinterpret_cast<float*>(pool.scratch(thread, longest * sizeof(float))));
  };
  if (n_rows == 1 || n_rows * n_cols < kParallelElements) return part(0, 0, n_rows);
  pool.run_pieces(1, [&](size_t thread) {
    return [&, thread](size_t owner, size_t) {
      part(thread, n_rows * owner / pool.size(), n_rows * (owner + 1) / pool.size());
    };
  });
}

// Does pieces on one thread.
class Worker {
 public:
  Worker(PlannedJobs jobs, size_t thread, ThreadPool& pool) : jobs_(jobs), thread_(thread), pool_(pool) {}

  // The owner's piece `piece`, counted over all jobs.
  void operator()(size_t owner, size_t piece) {
    for (const PlannedJob& planned : jobs_) {
      if (piece < planned.pieces) {
        const Piece outputs(planned, owner * planned.pieces + piece, pool_.size() * planned.pieces);
        if (outputs.begin < outputs.end && planned.job->x.rows > 0) multiply(planned, outputs);
        return;
      }
      piece -= planned.pieces;
    }
  }

 private:
  void multiply(const PlannedJob& planned, const Piece& outputs) {
    const MatmulPlan& plan = *planned.plan;
    const bool own_row = planned.prepares() && !planned.shares_rows();
    std::byte* scratch =
        pool_.scratch(thread_, plan.scratch_bytes + (own_row ? planned.prepared_bytes() : 0));
    std::byte* rows = own_row ? scratch + plan.scratch_bytes : planned.shared_rows;
    if (own_row && prepared_ != &planned) plan.prepare_row(*planned.job, 0, planned.job->x.data, rows);
    prepared_ = &planned;
    plan.multiply(*planned.job, rows, outputs.begin, outputs.end, scratch);
  }

  PlannedJobs jobs_;
  size_t thread_;
  ThreadPool& pool_;
  const PlannedJob* prepared_ = nullptr;  // the job whose single row this thread's scratch holds
};

}  // namespace

void matmul(std::span<const MatmulJob> jobs, ThreadPool& pool) {
  constexpr size_t kMost = 16;
  std::array<PlannedJob, kMost> planned;
  if (jobs.size() > kMost) {
    matmul(jobs.first(kMost), pool);
    return matmul(jobs.subspan(kMost), pool);
  }
  size_t n_pieces = 0;
  for (size_t i = 0; i < jobs.size(); ++i) {
    planned[i] = PlannedJob(jobs[i], pool);
    n_pieces += planned[i].pieces;
  }
  const PlannedJobs all = std::span(planned).first(jobs.size());
  make_inputs(all, pool);
  pool.run_pieces(n_pieces, [&](size_t thread) { return Worker(all, thread, pool); });
}

}  // namespace rwkv
