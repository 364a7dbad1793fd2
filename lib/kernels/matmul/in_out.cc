// W x for a single x and weights stored one input after the other: low-rank matrices of checkpoints.
#include "kernels/matmul/parts.h"

#include <algorithm>
#include <cassert>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul/in_out.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
// After highway.h
#include "hwy/cache_control.h"
#include "kernels/matmul/row_codecs-inl.h"
#include "kernels/vec16-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr size_t kInputsAtOnce = 4;

// sums += the weights of N inputs from `input` on times their x, over outputs [begin, end); sums has room for
// the last 16. Meanwhile what lies a little ahead is fetched.
template <class Row, size_t N>
HWY_INLINE void AddInputs(const MatmulJob& job, size_t input, size_t begin, size_t end,
                          float* HWY_RESTRICT sums) {
  constexpr size_t kLine = 64, kAhead = 4096;
  const DF d;
  const size_t input_bytes = job.w->rows * Row::kElementBytes;
  const size_t ahead = HWY_MAX(kInputsAtOnce, hwy::DivCeil(kAhead, input_bytes)) * input_bytes;
  Row rows[N];
  for (size_t i = 0; i < N; ++i) rows[i] = Row(*job.w, input + i);
  for (size_t o = begin; o < end; o += kVec16Lanes) {
    if ((o - begin) * Row::kElementBytes % kLine == 0) {
      for (size_t i = 0; i < N; ++i) hwy::Prefetch(rows[i].Address(o) + ahead);
    }
    VF acc[kParts];
    for (size_t part = 0; part < kParts; ++part) acc[part] = hn::Load(d, sums + o - begin + part * kLanes);
    for (size_t i = 0; i < N; ++i) {
      VF w[kParts];
      rows[i].Load16(o, end - o, w);
      const VF x = hn::Set(d, job.x.data[input + i]);
      for (size_t part = 0; part < kParts; ++part) acc[part] = hn::MulAdd(w[part], x, acc[part]);
    }
    for (size_t part = 0; part < kParts; ++part) hn::Store(acc[part], d, sums + o - begin + part * kLanes);
  }
}

// Outputs in strips whose sums stay in the first-level cache.
template <class Row>
void InOutOneRow(const MatmulJob& job, size_t begin, size_t end) {
  constexpr size_t kStrip = 1024;
  HWY_ALIGN float sums[kStrip];
  for (size_t o = begin; o < end; o += kStrip) {
    const size_t stop = std::min(end, o + kStrip);
    std::fill_n(sums, kStrip, 0.0f);
    size_t input = 0;
    for (; input + kInputsAtOnce <= job.w->cols; input += kInputsAtOnce)
      AddInputs<Row, kInputsAtOnce>(job, input, o, stop, sums);
    for (; input < job.w->cols; ++input) AddInputs<Row, 1>(job, input, o, stop, sums);
    store_sums(job, 0, o, sums, stop - o);
  }
}

void RowInOutF32(const MatmulJob& job, size_t begin, size_t end) {
  InOutOneRow<WideRow<CodecF32>>(job, begin, end);
}
void RowInOutF16(const MatmulJob& job, size_t begin, size_t end) {
  InOutOneRow<WideRow<CodecF16>>(job, begin, end);
}
void RowInOutBf16(const MatmulJob& job, size_t begin, size_t end) {
  InOutOneRow<WideRow<CodecBf16>>(job, begin, end);
}

}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rwkv {
HWY_EXPORT(RowInOutF32);
HWY_EXPORT(RowInOutF16);
HWY_EXPORT(RowInOutBf16);

void matmul_row_in_out(const MatmulJob& job, size_t begin, size_t end) {
  switch (job.w->dtype) {
    case DType::kF32:
      return HWY_DYNAMIC_DISPATCH(RowInOutF32)(job, begin, end);
    case DType::kF16:
      return HWY_DYNAMIC_DISPATCH(RowInOutF16)(job, begin, end);
    case DType::kBf16:
      return HWY_DYNAMIC_DISPATCH(RowInOutBf16)(job, begin, end);
    default:
      assert(false && "no kernel multiplies with this type");
  }
}

}  // namespace rwkv
#endif  // HWY_ONCE
