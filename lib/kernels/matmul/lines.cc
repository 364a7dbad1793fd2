// W x for a single x and wide weights in lines (tensor/packed_layout.h), of which those of inputs that relu²
// left at zero are not read.
#include "kernels/matmul/active_inputs.h"
#include "kernels/matmul/parts.h"

#include <algorithm>
#include <cassert>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul/lines.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
// After highway.h
#include "hwy/cache_control.h"
#include "kernels/matmul/codecs-inl.h"
#include "kernels/vec16-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

template <class Codec>
void RowOfLines(const MatmulJob& job, const ActiveInputs& active, size_t begin, size_t end) {
  using Stored = typename Codec::Stored;
  constexpr size_t kOutputs = line_outputs(Codec::kDType), kVectors = kOutputs / kLanes;
  constexpr size_t kLineBytes = line_bytes(Codec::kDType), kCacheLine = 64;
  for (size_t o = begin; o < end; o += kOutputs) {
    const std::byte* column = job.w->bytes.data() + o / kOutputs * job.w->cols * kLineBytes;
    VF acc[kVectors];
    for (VF& sum : acc) sum = hn::Zero(DF());
    for (size_t i = 0; i < *active.count; ++i) {
      for (size_t at = 0; at < kLineBytes; at += kCacheLine)
        hwy::Prefetch(column + active.index[i + kInputsAhead] * kLineBytes + at);
      const VF x = hn::Set(DF(), active.x[i]);
      const auto* line = reinterpret_cast<const Stored*>(column + active.index[i] * kLineBytes);
      for (size_t v = 0; v < kVectors; ++v)
        acc[v] = hn::MulAdd(Codec::Load(DF(), line + v * kLanes), x, acc[v]);
    }
    HWY_ALIGN float sums[kOutputs];
    for (size_t v = 0; v < kVectors; ++v) hn::Store(acc[v], DF(), sums + v * kLanes);
    store_sums(job, 0, o, sums, std::min(kOutputs, end - o));
  }
}

void RowOfLinesF32(const MatmulJob& job, const ActiveInputs& active, size_t begin, size_t end) {
  RowOfLines<CodecF32>(job, active, begin, end);
}
void RowOfLinesF16(const MatmulJob& job, const ActiveInputs& active, size_t begin, size_t end) {
  RowOfLines<CodecF16>(job, active, begin, end);
}
void RowOfLinesBf16(const MatmulJob& job, const ActiveInputs& active, size_t begin, size_t end) {
  RowOfLines<CodecBf16>(job, active, begin, end);
}

}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rwkv {
HWY_EXPORT(RowOfLinesF32);
HWY_EXPORT(RowOfLinesF16);
HWY_EXPORT(RowOfLinesBf16);

size_t active_inputs_bytes(const MatmulJob& job) { return ActiveInputs::bytes(job.x.cols); }

void find_active_inputs(const MatmulJob& job, std::byte* memory) {
  const ActiveInputs active(memory, job.x.cols);
  size_t n = 0;
  for (size_t i = 0; i < job.x.cols; ++i) {
    active.index[n] = static_cast<uint32_t>(i);
    active.x[n] = job.x.data[i];
    n += job.x.data[i] != 0.0F;
  }
  for (size_t i = 0; n > 0 && i < kInputsAhead; ++i)
    active.index[n + i] = static_cast<uint32_t>(job.x.cols + active.index[i % n]);
  *active.count = n;
}

void matmul_row_of_lines(const MatmulJob& job, std::byte* memory, size_t begin, size_t end) {
  const ActiveInputs active(memory, job.x.cols);
  switch (job.w->dtype) {
    case DType::kF32:
      return HWY_DYNAMIC_DISPATCH(RowOfLinesF32)(job, active, begin, end);
    case DType::kF16:
      return HWY_DYNAMIC_DISPATCH(RowOfLinesF16)(job, active, begin, end);
    case DType::kBf16:
      return HWY_DYNAMIC_DISPATCH(RowOfLinesBf16)(job, active, begin, end);
    default:
      assert(false && "wide lines are f32, f16 or bf16");
  }
}

}  // namespace rwkv
#endif  // HWY_ONCE
