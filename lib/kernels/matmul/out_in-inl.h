// Wide weights stored one output after the other, as in checkpoints. The sum of an output consists of 16
// partial sums, and input c goes to sum c mod 16: in this order whole registers can be read from a row of
// weights. Tiles have one sum an output, in order of inputs (panel-inl.h). So the two layouts cannot share
// code for many rows, nor give the same bits. Included once for each SIMD target.
#include <algorithm>
#include <cstddef>
#include <cstring>

#include "kernels/matmul/plan.h"

#if defined(RWKV_KERNELS_MATMUL_OUT_IN_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RWKV_KERNELS_MATMUL_OUT_IN_INL_H_
#undef RWKV_KERNELS_MATMUL_OUT_IN_INL_H_
#else
#define RWKV_KERNELS_MATMUL_OUT_IN_INL_H_
#endif

#include "hwy/cache_control.h"
#include "kernels/matmul/byte_products-inl.h"
#include "kernels/matmul/codecs-inl.h"
#include "kernels/vec16-inl.h"

RWKV_BEFORE_BYTE_PRODUCTS();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// ---- one row of x: limited by the bandwidth at which W is read

constexpr size_t kStreams = 4;           // outputs at a time: enough FMA chains to hide their latency
constexpr size_t kPrefetchBytes = 2048;  // ahead of each stream; 2 to 4 KB measured best
constexpr size_t kShortRowBytes = 4096;  // in shorter rows the next stream reads there already

// How many elements ahead the weights of N streams are fetched; in short rows, from the next outputs.
template <class Stored, size_t N>
constexpr size_t PrefetchElements(size_t cols) {
  return cols * sizeof(Stored) <= kShortRowBytes ? N * cols : kPrefetchBytes / sizeof(Stored);
}

// acc[o] += 16 columns of outputs o = 0 .. N-1; their rows lie `stride` elements apart.
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

// The last cols mod 16 columns, padded with zeros.
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
  const size_t ahead = PrefetchElements<typename Codec::Stored, N>(cols);
  size_t c = 0;
  for (; c + kVec16Lanes <= cols; c += kVec16Lanes) {
    for (size_t o = 0; o < N; ++o) hwy::Prefetch(w + o * cols + c + ahead);
    StepOneRow<Codec, N>(w + c, cols, x + c, acc);
  }
  if (c < cols) StepOneRowTail<Codec, N>(w + c, cols, x + c, cols - c, acc);
  for (size_t o = 0; o < N; ++o) sums[o] = SumVec16(acc[o]);
}

template <class Codec>
struct RowOfOutputs {
  using X = void;
  static constexpr size_t kGrain = kTileOutputs, kScratchBytes = 0;

  static void Multiply(const MatmulJob& job, size_t begin, size_t end, std::byte* /*scratch*/) {
    const auto* w = reinterpret_cast<const typename Codec::Stored*>(job.w->bytes.data());
    const size_t cols = job.w->cols;
    size_t o = begin;
    for (; o + kStreams <= end; o += kStreams) {
      float sums[kStreams];
      DotsOneRow<Codec, kStreams>(w + o * cols, cols, job.x.data, sums);
      store_sums(job, 0, o, sums, kStreams);
    }
    for (; o < end; ++o) {
      float sum;
      DotsOneRow<Codec, 1>(w + o * cols, cols, job.x.data, &sum);
      store_sums(job, 0, o, &sum, 1);
    }
  }
};

// ---- many rows of x: a panel of outputs is widened once and multiplied with every row

constexpr size_t kDotOutputs = 4;
// Rows of x in a tile: as many accumulators as the registers hold (16 on AVX2, 32 on AVX-512 and NEON).
constexpr size_t kDotRows = HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM ? 6 : 3;
constexpr size_t kDotPanel = 8;
constexpr size_t kDotCols = 256;  // columns a block: panel and tile of x stay in the first-level cache

struct DotScratch {
  alignas(64) float weights[kDotPanel][kDotCols];
  alignas(64) float sums[kRowsAtOnce][kDotPanel][kVec16Lanes];
  alignas(64) float x_tail[kRowsAtOnce][kVec16Lanes];
};

// A block of columns for some rows of x.
struct DotBlock {
  const float* data;
  size_t stride, rows, cols;  // cols: a multiple of 16
  bool first;                 // the sums start in this block
};

// sums[t][o] += the block's columns for outputs o and N rows t. Handles the lanes of one register at a time,
// since the registers cannot hold all 16 lanes of a tile.
template <size_t N>
HWY_INLINE void DotTile(const float (*HWY_RESTRICT w)[kDotCols], const DotBlock& x, size_t row,
                        float (*HWY_RESTRICT sums)[kDotPanel][kVec16Lanes]) {
  const DF d;
  for (size_t lane = 0; lane < kVec16Lanes; lane += kLanes) {
    VF acc[N][kDotOutputs];
    for (size_t t = 0; t < N; ++t) {
      for (size_t o = 0; o < kDotOutputs; ++o)
        acc[t][o] = x.first ? hn::Zero(d) : hn::Load(d, sums[t][o] + lane);
    }
    const float* HWY_RESTRICT px = x.data + row * x.stride + lane;
    for (size_t c = 0; c < x.cols; c += kVec16Lanes) {
      VF vx[N];
      for (size_t t = 0; t < N; ++t) vx[t] = hn::LoadU(d, px + t * x.stride + c);
      for (size_t o = 0; o < kDotOutputs; ++o) {
        const VF vw = hn::Load(d, w[o] + lane + c);
        for (size_t t = 0; t < N; ++t) acc[t][o] = hn::MulAdd(vw, vx[t], acc[t][o]);
      }
    }
    for (size_t t = 0; t < N; ++t) {
      for (size_t o = 0; o < kDotOutputs; ++o) hn::Store(acc[t][o], d, sums[t][o] + lane);
    }
  }
}

// The weights to be widened next, fetched while a block is multiplied: `bytes` for each of the panel's
// outputs.
struct ComingDots {
  const std::byte* first;
  size_t stride, bytes;

  // Fetches the share of rows [begin, end) of n_rows.
  HWY_INLINE void Fetch(size_t begin, size_t end, size_t n_rows) const {
    constexpr size_t kLine = 64;
    const size_t lines = bytes / kLine;
    for (size_t i = lines * begin / n_rows; i < lines * end / n_rows; ++i) {
      for (size_t o = 0; o < kDotPanel; ++o) hwy::Prefetch(first + o * stride + i * kLine);
    }
  }
};

// Rows [row, ..), N at a time.
template <size_t N = kDotRows>
HWY_INLINE void MultiplyDots(DotScratch& s, const DotBlock& x, const ComingDots& coming, size_t row = 0) {
  for (; row + N <= x.rows; row += N) {
    coming.Fetch(row, row + N, x.rows);
    for (size_t o = 0; o < kDotPanel; o += kDotOutputs) {
      auto* sums = reinterpret_cast<float(*)[kDotPanel][kVec16Lanes]>(s.sums[row][o]);
      DotTile<N>(s.weights + o, x, row, sums);
    }
  }
  if constexpr (N > 1) MultiplyDots<(N > 4 ? 4 : N > 2 ? 2 : 1)>(s, x, coming, row);
}

// Columns [c, c + cols) of the panel's outputs, padded with zeros to a multiple of 16; outputs beyond the
// matrix are zero.
template <class Codec>
HWY_INLINE void WidenPanel(const typename Codec::Stored* HWY_RESTRICT w, const Matrix& matrix, size_t output,
                           size_t n_outputs, size_t c, size_t cols, DotScratch& s) {
  const size_t padded = hwy::RoundUpTo(cols, kVec16Lanes);
  for (size_t o = 0; o < kDotPanel; ++o) {
    std::fill(s.weights[o] + (o < n_outputs ? cols : 0), s.weights[o] + padded, 0.0f);
    if (o < n_outputs) Widen<Codec>(DF(), w + (output + o) * matrix.cols + c, cols, s.weights[o]);
  }
}

HWY_INLINE void StorePanel(const MatmulJob& job, size_t first_row, size_t rows, size_t output,
                           size_t n_outputs, const DotScratch& s) {
  for (size_t t = 0; t < rows; ++t) {
    float sums[kDotPanel];
    for (size_t o = 0; o < kDotPanel; o += 4) SumFourVec16(s.sums[t] + o, sums + o);
    store_sums(job, first_row + t, output, sums, n_outputs);
  }
}

template <class Codec>
void PanelTimesRows(const typename Codec::Stored* HWY_RESTRICT w, const Matrix& matrix, size_t output,
                    size_t n_outputs, MatSpan<const float> x, DotScratch& s) {
  constexpr size_t kElement = sizeof(typename Codec::Stored);
  const size_t whole = x.cols / kVec16Lanes * kVec16Lanes;
  for (size_t c = 0; c < whole; c += kDotCols) {
    const size_t cols = std::min(kDotCols, whole - c), next = c + kDotCols;
    const auto* coming = next < whole ? w + output * x.cols + next : w + (output + kDotPanel) * x.cols;
    WidenPanel<Codec>(w, matrix, output, n_outputs, c, cols, s);
    MultiplyDots(s, {x.data + c, x.stride, x.rows, cols, c == 0},
                 {reinterpret_cast<const std::byte*>(coming), x.cols * kElement, cols * kElement});
  }
  if (const size_t cols = x.cols - whole; cols > 0) {
    WidenPanel<Codec>(w, matrix, output, n_outputs, whole, cols, s);
    std::memset(s.x_tail, 0, sizeof s.x_tail);
    for (size_t t = 0; t < x.rows; ++t) std::memcpy(s.x_tail[t], x.row_data(t) + whole, cols * sizeof(float));
    MultiplyDots(s, {s.x_tail[0], kVec16Lanes, x.rows, kVec16Lanes, whole == 0}, {});
  }
}

template <class Codec>
struct RowsOfOutputs {
  using X = void;
  static constexpr size_t kGrain = kTileOutputs, kScratchBytes = sizeof(DotScratch);

  static void Multiply(const MatmulJob& job, size_t begin, size_t end, std::byte* scratch) {
    const auto* w = reinterpret_cast<const typename Codec::Stored*>(job.w->bytes.data());
    auto& s = *reinterpret_cast<DotScratch*>(scratch);
    for (size_t o = begin; o < end; o += kDotPanel) {
      for (size_t t = 0; t < job.x.rows; t += kRowsAtOnce) {
        const size_t rows = std::min(kRowsAtOnce, job.x.rows - t), n_outputs = std::min(kDotPanel, end - o);
        PanelTimesRows<Codec>(w, *job.w, o, n_outputs, job.x.rows_at(t, rows), s);
        StorePanel(job, t, rows, o, n_outputs, s);
      }
    }
  }
};

}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // RWKV_KERNELS_MATMUL_OUT_IN_INL_H_
