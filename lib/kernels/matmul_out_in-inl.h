// W x for weights stored one output after the other. Included once for each SIMD target.
#include <algorithm>
#include <cstring>

#include "hwy/cache_control.h"
#include "kernels/matmul.h"

#if defined(RWKV_KERNELS_MATMUL_OUT_IN_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RWKV_KERNELS_MATMUL_OUT_IN_INL_H_
#undef RWKV_KERNELS_MATMUL_OUT_IN_INL_H_
#else
#define RWKV_KERNELS_MATMUL_OUT_IN_INL_H_
#endif

#include "kernels/codecs-inl.h"
#include "kernels/vec16-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// ---- one row of x: bound by the memory that holds W

constexpr size_t kStreams = 4;           // outputs at a time: enough FMA chains to hide their latency
constexpr size_t kPrefetchBytes = 2048;  // ahead of each stream; 2 to 4 KB measured best

// acc[o] += 16 columns of outputs o = 0 .. N-1, whose rows lie `stride` elements apart.
template <class Codec, size_t N>
HWY_INLINE void StepOneRow(const typename Codec::Stored* HWY_RESTRICT w, size_t stride,
                           const float* HWY_RESTRICT x, VF (&acc)[N][kParts]) {
  const DF d;
  for (size_t part = 0; part < kParts; ++part) {
    const VF vx = hn::LoadU(d, x + part * kLanes);
    for (size_t o = 0; o < N; ++o) {
      acc[o][part] = hn::MulAdd(Codec::Load(d, w + o * stride + part * kLanes), vx, acc[o][part]);
    }
  }
}

// The last cols mod 16 columns, filled up with zeros.
template <class Codec, size_t N>
HWY_INLINE void StepOneRowTail(const typename Codec::Stored* HWY_RESTRICT w, size_t stride,
                               const float* HWY_RESTRICT x, size_t count, VF (&acc)[N][kParts]) {
  typename Codec::Stored w_rest[N][kVec16Lanes] = {};
  float x_rest[kVec16Lanes] = {};
  for (size_t o = 0; o < N; ++o) std::memcpy(w_rest[o], w + o * stride, count * sizeof w[0]);
  std::memcpy(x_rest, x, count * sizeof x[0]);
  StepOneRow<Codec, N>(w_rest[0], kVec16Lanes, x_rest, acc);
}

template <class Codec, size_t N>
HWY_INLINE void DotsOneRow(const typename Codec::Stored* HWY_RESTRICT w, size_t cols,
                           const float* HWY_RESTRICT x, float* HWY_RESTRICT sums) {
  VF acc[N][kParts];
  for (auto& a : acc) {
    for (auto& part : a) part = hn::Zero(DF());
  }
  size_t c = 0;
  for (; c + kVec16Lanes <= cols; c += kVec16Lanes) {
    for (size_t o = 0; o < N; ++o) hwy::Prefetch(w + o * cols + c + kPrefetchBytes / sizeof w[0]);
    StepOneRow<Codec, N>(w + c, cols, x + c, acc);
  }
  if (c < cols) StepOneRowTail<Codec, N>(w + c, cols, x + c, cols - c, acc);
  for (size_t o = 0; o < N; ++o) sums[o] = SumVec16(acc[o]);
}

HWY_INLINE void StoreSum(float sum, Store store, float* HWY_RESTRICT y) {
  *y = store == Store::kAdd ? *y + sum : sum;
}

template <class Codec>
void OneRow(const typename Codec::Stored* HWY_RESTRICT w, const MatmulJob& job, size_t begin, size_t end) {
  const size_t cols = job.w->cols;
  float* HWY_RESTRICT y = job.y.data;
  size_t o = begin;
  for (; o + kStreams <= end; o += kStreams) {
    float sums[kStreams];
    DotsOneRow<Codec, kStreams>(w + o * cols, cols, job.x.data, sums);
    for (size_t i = 0; i < kStreams; ++i) StoreSum(sums[i], job.store, y + o + i);
  }
  for (; o < end; ++o) {
    float sum;
    DotsOneRow<Codec, 1>(w + o * cols, cols, job.x.data, &sum);
    StoreSum(sum, job.store, y + o);
  }
}

// ---- many rows of x: a panel of outputs is widened once and multiplied with every row

constexpr size_t kTileOutputs = 4;
// Rows of x in a tile: as many accumulators as the registers hold (16 on AVX2, 32 on AVX-512 and NEON).
constexpr size_t kTileRows = HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM ? 6 : 3;
constexpr size_t kPanelOutputs = 8;
constexpr size_t kBlockCols = 512;  // columns a block: panel and tile of x stay in the first-level cache
constexpr size_t kChunkRows = 64;   // rows of x a panel is multiplied with at a time

struct PanelScratch {
  HWY_ALIGN float weights[kPanelOutputs][kBlockCols];
  HWY_ALIGN float sums[kChunkRows][kPanelOutputs][kVec16Lanes];
  HWY_ALIGN float x_tail[kChunkRows][kVec16Lanes];
};

// A block of columns of some rows of x.
struct XBlock {
  const float* data;
  size_t stride, rows, cols;  // cols: a multiple of 16
  bool first;                 // the sums begin here
};

// sums[t][o] += the block's columns for outputs o and N rows t. One register's lanes at a time, since all
// 16 lanes of a tile are more than the registers hold.
template <size_t N>
HWY_INLINE void Tile(const float (*HWY_RESTRICT w)[kBlockCols], const XBlock& x, size_t row,
                     float (*HWY_RESTRICT sums)[kPanelOutputs][kVec16Lanes]) {
  const DF d;
  for (size_t lane = 0; lane < kVec16Lanes; lane += kLanes) {
    VF acc[N][kTileOutputs];
    for (size_t t = 0; t < N; ++t) {
      for (size_t o = 0; o < kTileOutputs; ++o)
        acc[t][o] = x.first ? hn::Zero(d) : hn::Load(d, sums[t][o] + lane);
    }
    const float* HWY_RESTRICT px = x.data + row * x.stride + lane;
    for (size_t c = 0; c < x.cols; c += kVec16Lanes) {
      VF vx[N];
      for (size_t t = 0; t < N; ++t) vx[t] = hn::LoadU(d, px + t * x.stride + c);
      for (size_t o = 0; o < kTileOutputs; ++o) {
        const VF vw = hn::Load(d, w[o] + lane + c);
        for (size_t t = 0; t < N; ++t) acc[t][o] = hn::MulAdd(vw, vx[t], acc[t][o]);
      }
    }
    for (size_t t = 0; t < N; ++t) {
      for (size_t o = 0; o < kTileOutputs; ++o) hn::Store(acc[t][o], d, sums[t][o] + lane);
    }
  }
}

template <size_t N = kTileRows>
HWY_INLINE void TileOf(size_t n_rows, const float (*w)[kBlockCols], const XBlock& x, size_t row,
                       float (*sums)[kPanelOutputs][kVec16Lanes]) {
  if (n_rows >= N) return Tile<N>(w, x, row, sums);
  if constexpr (N > 1) TileOf<N - 1>(n_rows, w, x, row, sums);
}

HWY_INLINE void MultiplyBlock(PanelScratch& s, const XBlock& x) {
  for (size_t row = 0; row < x.rows; row += kTileRows) {
    for (size_t o = 0; o < kPanelOutputs; o += kTileOutputs) {
      auto* sums = reinterpret_cast<float(*)[kPanelOutputs][kVec16Lanes]>(s.sums[row][o]);
      TileOf(x.rows - row, s.weights + o, x, row, sums);
    }
  }
}

// Columns [c, c + cols) of the panel's outputs, filled up with zeros to a multiple of 16; missing outputs are
// zero.
template <class Codec>
HWY_INLINE void WidenPanel(const typename Codec::Stored* HWY_RESTRICT w, const Matrix& matrix, size_t output,
                           size_t n_outputs, size_t c, size_t cols, PanelScratch& s) {
  const size_t padded = hwy::RoundUpTo(cols, kVec16Lanes);
  for (size_t o = 0; o < kPanelOutputs; ++o) {
    std::fill(s.weights[o] + (o < n_outputs ? cols : 0), s.weights[o] + padded, 0.0f);
    if (o < n_outputs) Widen<Codec>(DF(), w + (output + o) * matrix.cols + c, cols, s.weights[o]);
  }
}

template <class Codec>
void PanelTimesRows(const typename Codec::Stored* HWY_RESTRICT w, const MatmulJob& job, size_t output,
                    size_t n_outputs, MatSpan<const float> x, MatSpan<float> y, PanelScratch& s) {
  const size_t whole = x.cols / kVec16Lanes * kVec16Lanes;
  for (size_t c = 0; c < whole; c += kBlockCols) {
    const size_t cols = std::min(kBlockCols, whole - c);
    WidenPanel<Codec>(w, *job.w, output, n_outputs, c, cols, s);
    MultiplyBlock(s, {x.data + c, x.stride, x.rows, cols, c == 0});
  }
  if (const size_t cols = x.cols - whole; cols > 0) {
    WidenPanel<Codec>(w, *job.w, output, n_outputs, whole, cols, s);
    std::memset(s.x_tail, 0, sizeof s.x_tail);
    for (size_t t = 0; t < x.rows; ++t) std::memcpy(s.x_tail[t], x.row_data(t) + whole, cols * sizeof(float));
    MultiplyBlock(s, {s.x_tail[0], kVec16Lanes, x.rows, kVec16Lanes, whole == 0});
  }
  for (size_t t = 0; t < x.rows; ++t) {
    for (size_t o = 0; o < n_outputs; ++o) {
      VF parts[kParts];
      for (size_t part = 0; part < kParts; ++part) parts[part] = hn::Load(DF(), s.sums[t][o] + part * kLanes);
      StoreSum(SumVec16(parts), job.store, y.row_data(t) + output + o);
    }
  }
}

template <class Codec>
void ManyRows(const typename Codec::Stored* HWY_RESTRICT w, const MatmulJob& job, size_t begin, size_t end) {
  PanelScratch scratch;
  for (size_t o = begin; o < end; o += kPanelOutputs) {
    for (size_t t = 0; t < job.x.rows; t += kChunkRows) {
      const size_t rows = std::min(kChunkRows, job.x.rows - t);
      PanelTimesRows<Codec>(w, job, o, std::min(kPanelOutputs, end - o), job.x.rows_at(t, rows),
                            job.y.rows_at(t, rows), scratch);
    }
  }
}

template <class Codec>
void OutIn(const MatmulJob& job, size_t begin, size_t end) {
  const auto* w = reinterpret_cast<const typename Codec::Stored*>(job.w->bytes.data());
  job.x.rows == 1 ? OneRow<Codec>(w, job, begin, end) : ManyRows<Codec>(w, job, begin, end);
}

}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // RWKV_KERNELS_MATMUL_OUT_IN_INL_H_
