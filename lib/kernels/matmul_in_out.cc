// W x for a single x and weights stored one input after the other: low-rank matrices, and ffn.value as
// converted files hold it, where inputs that relu² left at zero are not read.
#include "kernels/matmul_parts.h"

#include <algorithm>
#include <cassert>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul_in_out.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
// After highway.h
#include "hwy/cache_control.h"
#include "kernels/row_codecs-inl.h"
#include "kernels/vec16-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr size_t kInputsAtOnce = 4;

// The next inputs whose x is not zero, at most kInputsAtOnce of them.
struct ActiveInputs {
  size_t count = 0;
  size_t index[kInputsAtOnce];
  float x[kInputsAtOnce];

  HWY_INLINE void Find(const float* HWY_RESTRICT all, size_t n, size_t& next) {
    for (count = 0; next < n && count < kInputsAtOnce; ++next) {
      index[count] = next;
      x[count] = all[next];
      count += all[next] != 0.0f;
    }
  }
};

// sums += the weights of N inputs times their x, over outputs [begin, end); sums has room for the last 16.
// Meanwhile those of the coming inputs are fetched; of narrow matrices, which are low-rank ones and have few
// x of zero, what lies a little ahead, since four inputs more would be too near.
template <class Row, size_t N>
HWY_INLINE void AddInputs(const Matrix& m, const ActiveInputs& active, const ActiveInputs& coming,
                          size_t begin, size_t end, float* HWY_RESTRICT sums) {
  constexpr size_t kLine = 64, kAhead = 4096;
  const bool is_narrow = m.rows * Row::kElementBytes < 1024;
  Row rows[N], coming_rows[kInputsAtOnce];
  for (size_t i = 0; i < N; ++i) rows[i] = Row(m, active.index[i]);
  for (size_t i = 0; i < coming.count; ++i) coming_rows[i] = Row(m, coming.index[i]);
  const DF d;
  for (size_t o = begin; o < end; o += kVec16Lanes) {
    if ((o - begin) * Row::kElementBytes % kLine == 0) {
      for (size_t i = 0; i < coming.count; ++i)
        hwy::Prefetch(is_narrow ? rows[i % N].Address(o) + kAhead : coming_rows[i].Address(o));
    }
    VF acc[kParts];
    for (size_t part = 0; part < kParts; ++part) acc[part] = hn::Load(d, sums + o - begin + part * kLanes);
    for (size_t i = 0; i < N; ++i) {
      VF w[kParts];
      rows[i].Load16(o, end - o, w);
      for (size_t part = 0; part < kParts; ++part)
        acc[part] = hn::MulAdd(w[part], hn::Set(d, active.x[i]), acc[part]);
    }
    for (size_t part = 0; part < kParts; ++part) hn::Store(acc[part], d, sums + o - begin + part * kLanes);
  }
}

// One row of x, outputs in strips whose sums stay in the first-level cache. The weights of four inputs are
// fetched while those of the four before are added.
template <class Row>
void InOutOneRow(const MatmulJob& job, size_t begin, size_t end) {
  constexpr size_t kStrip = 1024;
  HWY_ALIGN float sums[kStrip];
  const Matrix& m = *job.w;
  for (size_t o = begin; o < end; o += kStrip) {
    const size_t stop = std::min(end, o + kStrip);
    std::fill_n(sums, kStrip, 0.0f);
    size_t next = 0;
    ActiveInputs now, coming;
    coming.Find(job.x.data, m.cols, next);
    while (coming.count == kInputsAtOnce) {
      now = coming;
      coming.Find(job.x.data, m.cols, next);
      AddInputs<Row, kInputsAtOnce>(m, now, coming, o, stop, sums);
    }
    for (size_t i = 0; i < coming.count; ++i) {
      now.index[0] = coming.index[i], now.x[0] = coming.x[i];
      AddInputs<Row, 1>(m, now, {}, o, stop, sums);
    }
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
