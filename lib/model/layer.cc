#include "model/layer.h"

namespace rwkv {
namespace {

// A job whose rows are computed in place. Each row is computed once: some overwrite their own input.
MatmulJob with_rows(Pass& pass, const MatmulJob& job) {
  if (job.lazy.make == nullptr) return job;
  for_rows(pass, job.x.cols, [&](size_t row) { job.lazy.make(row, job.lazy.place.row(row)); });
  return {job.w, MatSpan<const float>(job.lazy.place), job.y, job.store};
}

}  // namespace

void multiply(Pass& pass, std::span<const MatmulJob> jobs) {
  if (pass.observer == nullptr) return matmul(jobs, pass.pool);
  std::vector<MatmulJob> seen;
  for (const MatmulJob& job : jobs) seen.push_back(with_rows(pass, job));
  matmul(seen, pass.pool);
  (*pass.observer)(seen);
}

}  // namespace rwkv
