// W x for weights stored one input after the other (low-rank matrices). Included once for each SIMD target.
#include "kernels/matmul.h"

#if defined(RWKV_KERNELS_MATMUL_IN_OUT_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RWKV_KERNELS_MATMUL_IN_OUT_INL_H_
#undef RWKV_KERNELS_MATMUL_IN_OUT_INL_H_
#else
#define RWKV_KERNELS_MATMUL_IN_OUT_INL_H_
#endif

#include "kernels/codecs-inl.h"
#include "kernels/vec16-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// N registers of outputs from `output` on, for M rows of x from `row` on: a lane is one output's sum.
template <class Codec, size_t M, size_t N, class D>
HWY_INLINE void InOutTile(D d, const MatmulJob& job, size_t row, size_t output) {
  const auto* HWY_RESTRICT w = reinterpret_cast<const typename Codec::Stored*>(job.w->bytes.data()) + output;
  constexpr size_t kWidth = hn::MaxLanes(d);
  hn::Vec<D> acc[M][N];
  for (auto& a : acc) {
    for (auto& v : a) v = hn::Zero(d);
  }
  const float* HWY_RESTRICT x = job.x.row_data(row);
  for (size_t c = 0; c < job.w->cols; ++c, w += job.w->rows) {
    for (size_t i = 0; i < N; ++i) {
      const auto vw = Codec::Load(d, w + i * kWidth);
      for (size_t t = 0; t < M; ++t)
        acc[t][i] = hn::MulAdd(vw, hn::Set(d, x[t * job.x.stride + c]), acc[t][i]);
    }
  }
  for (size_t t = 0; t < M; ++t) {
    for (size_t i = 0; i < N; ++i) {
      float* HWY_RESTRICT y = job.y.row_data(row + t) + output + i * kWidth;
      hn::StoreU(job.store == Store::kAdd ? hn::Add(hn::LoadU(d, y), acc[t][i]) : acc[t][i], d, y);
    }
  }
}

template <class Codec, size_t M>
HWY_INLINE void InOutRows(const MatmulJob& job, size_t row, size_t begin, size_t end) {
  constexpr size_t kRegisters = 4;
  const DF d;
  size_t o = begin;
  for (; o + kRegisters * kLanes <= end; o += kRegisters * kLanes)
    InOutTile<Codec, M, kRegisters>(d, job, row, o);
  for (; o + kLanes <= end; o += kLanes) InOutTile<Codec, M, 1>(d, job, row, o);
  for (; o < end; ++o) InOutTile<Codec, M, 1>(hn::CappedTag<float, 1>(), job, row, o);
}

template <class Codec>
void InOut(const MatmulJob& job, size_t begin, size_t end) {
  constexpr size_t kRows = 3;  // 3 x 4 accumulators fit the 16 registers of AVX2
  size_t t = 0;
  for (; t + kRows <= job.x.rows; t += kRows) InOutRows<Codec, kRows>(job, t, begin, end);
  for (; t < job.x.rows; ++t) InOutRows<Codec, 1>(job, t, begin, end);
}

}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // RWKV_KERNELS_MATMUL_IN_OUT_INL_H_
