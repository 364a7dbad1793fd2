#include "kernels/matmul.h"

#include <cassert>
#include <cstddef>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
// After highway.h
#include "kernels/matmul_in_out-inl.h"
#include "kernels/matmul_out_in-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rwkv::HWY_NAMESPACE {

template <class Codec>
void ByLayout(const MatmulJob& job, size_t begin, size_t end) {
  job.w->layout == Layout::kOutIn ? OutIn<Codec>(job, begin, end) : InOut<Codec>(job, begin, end);
}

// Outputs [begin, end) of the job.
void MatmulOutputs(const MatmulJob& job, size_t begin, size_t end) {
  switch (job.w->dtype) {
    case DType::kF32:
      return ByLayout<CodecF32>(job, begin, end);
    case DType::kF16:
      return ByLayout<CodecF16>(job, begin, end);
    case DType::kBf16:
      return ByLayout<CodecBf16>(job, begin, end);
    default:
      assert(!"matrices are f32, f16 or bf16");
  }
}

}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rwkv {
HWY_EXPORT(MatmulOutputs);

namespace {

constexpr size_t kGrainOutputs = 16;  // a thread's share begins at a multiple of it

// The share of `outputs` that begins with this thread.
size_t share_begin(size_t outputs, size_t thread, size_t n_threads) {
  const size_t n_grains = (outputs + kGrainOutputs - 1) / kGrainOutputs;
  return std::min(outputs, n_grains * thread / n_threads * kGrainOutputs);
}

}  // namespace

void matmul(std::span<const MatmulJob> jobs, ThreadPool& pool) {
  pool.run([&](size_t thread) {
    for (const MatmulJob& job : jobs) {
      assert(job.x.cols == job.w->cols && job.y.cols == job.w->rows && job.x.rows == job.y.rows);
      const size_t begin = share_begin(job.w->rows, thread, pool.size());
      const size_t end = share_begin(job.w->rows, thread + 1, pool.size());
      if (begin < end && job.x.rows > 0) HWY_DYNAMIC_DISPATCH(MatmulOutputs)(job, begin, end);
    }
  });
}

}  // namespace rwkv
#endif  // HWY_ONCE
