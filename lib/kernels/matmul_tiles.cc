// W x for wide weights in tiles of 16 outputs (tensor/packed_layout.h).
#include "kernels/matmul_parts.h"

#include <algorithm>
#include <cassert>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul_tiles.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
// After highway.h
#include "hwy/cache_control.h"
#include "kernels/codecs-inl.h"
#include "kernels/vec16-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// How a tile stores some inputs at a time: kInputs of them for 16 outputs.
template <class Codec>
struct TileStep {
  static constexpr size_t kInputs = 1;
  // Input i's weights for the outputs of register `part`.
  static HWY_INLINE VF Load(const typename Codec::Stored* p, size_t part, size_t /*i*/) {
    return Codec::Load(DF(), p + part * kLanes);
  }
};

// Two inputs share a 32-bit lane, so that widening is a shift or a mask.
template <>
struct TileStep<CodecBf16> {
  static constexpr size_t kInputs = 2;
  static HWY_INLINE VF Load(const uint16_t* p, size_t part, size_t i) {
    const hn::RebindToUnsigned<DF> du32;
    const auto both = hn::LoadU(du32, reinterpret_cast<const uint32_t*>(p) + part * kLanes);
    return hn::BitCast(DF(), i == 0 ? hn::ShiftLeft<16>(both) : hn::And(both, hn::Set(du32, 0xFFFF0000u)));
  }
};

template <class Codec>
constexpr size_t TileElements(size_t cols) {
  return hwy::RoundUpTo(cols, TileStep<Codec>::kInputs) * kTileOutputs;
}

// Sums of N rows of x and T tiles.
template <size_t N, size_t T>
using TileSums = VF[N][T][kParts];

// sums += the weights of one step of the tiles, `w_stride` elements apart, times x, whose rows lie x_stride
// apart: one chain of FMAs an output and row, in order of inputs.
template <class Codec, size_t N, size_t T>
HWY_INLINE void StepOfTiles(const typename Codec::Stored* HWY_RESTRICT w, size_t w_stride,
                            const float* HWY_RESTRICT x, size_t x_stride, TileSums<N, T>& sums) {
  using Step = TileStep<Codec>;
  for (size_t i = 0; i < Step::kInputs; ++i) {
    VF weights[T][kParts];
    for (size_t n = 0; n < T; ++n) {
      for (size_t part = 0; part < kParts; ++part) weights[n][part] = Step::Load(w + n * w_stride, part, i);
    }
    for (size_t t = 0; t < N; ++t) {
      const VF vx = hn::Set(DF(), x[t * x_stride + i]);
      for (size_t n = 0; n < T; ++n) {
        for (size_t part = 0; part < kParts; ++part)
          sums[t][n][part] = hn::MulAdd(weights[n][part], vx, sums[t][n][part]);
      }
    }
  }
}

// How far ahead weights are fetched: a little; but by the first of many rows, which all come back to the same
// tiles, so far that it is the next tiles.
template <class Codec, size_t N, size_t T>
HWY_INLINE size_t PrefetchElements(size_t w_stride, size_t row) {
  return N > 1 && row == 0 ? T * w_stride : 4096 / sizeof(typename Codec::Stored);
}

// T whole tiles, outputs [output, output + 16 T), for rows [row, row + N) of x.
template <class Codec, size_t N, size_t T>
HWY_INLINE void TilesTimesRows(const MatmulJob& job, size_t row, size_t output, size_t end) {
  constexpr size_t kInputs = TileStep<Codec>::kInputs;
  const size_t cols = job.w->cols, w_stride = TileElements<Codec>(cols), x_stride = job.x.stride;
  const size_t ahead = PrefetchElements<Codec, N, T>(w_stride, row);
  const auto* HWY_RESTRICT w =
      reinterpret_cast<const typename Codec::Stored*>(job.w->bytes.data()) + output / kTileOutputs * w_stride;
  const float* HWY_RESTRICT x = job.x.row_data(row);
  TileSums<N, T> sums;
  for (auto& tiles : sums) {
    for (auto& parts : tiles) {
      for (auto& part : parts) part = hn::Zero(DF());
    }
  }
  size_t c = 0;
  for (; c + kInputs <= cols; c += kInputs, w += kInputs * kTileOutputs) {
    for (size_t n = 0; n < T; ++n) hwy::Prefetch(w + n * w_stride + ahead);
    StepOfTiles<Codec, N, T>(w, w_stride, x + c, x_stride, sums);
  }
  if (c < cols) {  // bf16 with an odd number of inputs
    float rest[N][kInputs] = {};
    for (size_t t = 0; t < N; ++t) rest[t][0] = x[t * x_stride + c];
    StepOfTiles<Codec, N, T>(w, w_stride, rest[0], kInputs, sums);
  }
  for (size_t t = 0; t < N; ++t) {
    HWY_ALIGN float out[T * kTileOutputs];
    for (size_t n = 0; n < T; ++n) {
      for (size_t part = 0; part < kParts; ++part)
        hn::Store(sums[t][n][part], DF(), out + n * kTileOutputs + part * kLanes);
    }
    store_sums(job, row + t, output, out, std::min(T * kTileOutputs, end - output));
  }
}

// A block of rows and tiles takes as many accumulators as the registers hold: 12 x 2 of AVX-512's 32, 6 x 1
// (of two registers) of AVX2's 16, 6 x 1 (of four) of NEON's 32. A single row takes two tiles, whose streams
// hide the latency of one another's FMAs.
constexpr size_t kTilesOfRow = 2;
constexpr size_t kTilesOfRows = kParts == 1 ? 2 : 1;
constexpr size_t kRowsAtOnce = kParts == 1 ? 12 : 6;

// A tile that is left alone is multiplied row by row: too rare to compile another kernel for.
template <class Codec, size_t N, size_t T>
HWY_INLINE void TilesOfRows(const MatmulJob& job, size_t row, size_t output, size_t end) {
  if (T == 1 || end - output > kTileOutputs) return TilesTimesRows<Codec, N, T>(job, row, output, end);
  for (size_t t = 0; t < N; ++t) TilesTimesRows<Codec, 1, 1>(job, row + t, output, end);
}

template <class Codec>
HWY_INLINE void TilesTimesAllRows(const MatmulJob& job, size_t output, size_t end) {
  const size_t n_rows = job.x.rows;
  size_t row = 0;
  for (; row + kRowsAtOnce <= n_rows; row += kRowsAtOnce) {
    if (kRowsAtOnce > 8 && n_rows - row == 16) break;  // two blocks of 8 are better than of 12 and 4
    TilesOfRows<Codec, kRowsAtOnce, kTilesOfRows>(job, row, output, end);
  }
  if constexpr (kRowsAtOnce > 8) {
    for (; row + 8 <= n_rows; row += 8) TilesOfRows<Codec, 8, kTilesOfRows>(job, row, output, end);
  }
  for (; row + 4 <= n_rows; row += 4) TilesOfRows<Codec, 4, kTilesOfRows>(job, row, output, end);
  for (; row + 2 <= n_rows; row += 2) TilesOfRows<Codec, 2, kTilesOfRows>(job, row, output, end);
  for (; row < n_rows; ++row) TilesOfRows<Codec, 1, kTilesOfRows>(job, row, output, end);
}

template <class Codec>
void Tiles(const MatmulJob& job, size_t begin, size_t end) {
  if (job.x.rows == 1) {
    for (size_t o = begin; o < end; o += kTilesOfRow * kTileOutputs)
      TilesOfRows<Codec, 1, kTilesOfRow>(job, 0, o, end);
    return;
  }
  for (size_t o = begin; o < end; o += kTilesOfRows * kTileOutputs) TilesTimesAllRows<Codec>(job, o, end);
}

void TilesF32(const MatmulJob& job, size_t begin, size_t end) { Tiles<CodecF32>(job, begin, end); }
void TilesF16(const MatmulJob& job, size_t begin, size_t end) { Tiles<CodecF16>(job, begin, end); }
void TilesBf16(const MatmulJob& job, size_t begin, size_t end) { Tiles<CodecBf16>(job, begin, end); }

}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rwkv {
HWY_EXPORT(TilesF32);
HWY_EXPORT(TilesF16);
HWY_EXPORT(TilesBf16);

void matmul_wide_tiles(const MatmulJob& job, size_t begin, size_t end) {
  switch (job.w->dtype) {
    case DType::kF32:
      return HWY_DYNAMIC_DISPATCH(TilesF32)(job, begin, end);
    case DType::kF16:
      return HWY_DYNAMIC_DISPATCH(TilesF16)(job, begin, end);
    case DType::kBf16:
      return HWY_DYNAMIC_DISPATCH(TilesBf16)(job, begin, end);
    default:
      assert(false && "wide tiles are f32, f16 or bf16");
  }
}

}  // namespace rwkv
#endif  // HWY_ONCE
