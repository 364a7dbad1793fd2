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
#include "kernels/panel-inl.h"
#include "kernels/vec16-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// How a tile stores some inputs at a time: kInputs of them for 16 outputs.
template <class Codec>
struct TileStep {
  static constexpr size_t kInputs = 1;
  // v[i]: input i's weights for the outputs of register `part`.
  static HWY_INLINE void Load(const typename Codec::Stored* p, size_t part, VF (&v)[kInputs]) {
    v[0] = Codec::Load(DF(), p + part * kLanes);
  }
};

// Two inputs share a 32-bit lane, so that widening is a shift and a mask.
template <>
struct TileStep<CodecBf16> {
  static constexpr size_t kInputs = 2;
  static HWY_INLINE void Load(const uint16_t* p, size_t part, VF (&v)[kInputs]) {
    const hn::RebindToUnsigned<DF> du32;
    const auto both = hn::LoadU(du32, reinterpret_cast<const uint32_t*>(p) + part * kLanes);
    v[0] = hn::BitCast(DF(), hn::ShiftLeft<16>(both));
    v[1] = hn::BitCast(DF(), hn::And(both, hn::Set(du32, 0xFFFF0000u)));
  }
};

template <class Codec>
constexpr size_t TileElements(size_t cols) {
  return hwy::RoundUpTo(cols, TileStep<Codec>::kInputs) * kTileOutputs;
}

// acc[n] += the weights of one step of N tiles, `stride` elements apart, times x.
template <class Codec, size_t N>
HWY_INLINE void TilesStep(const typename Codec::Stored* HWY_RESTRICT w, size_t stride,
                          const float* HWY_RESTRICT x, VF (&acc)[N][kParts]) {
  using Step = TileStep<Codec>;
  for (size_t n = 0; n < N; ++n) {
    for (size_t part = 0; part < kParts; ++part) {
      VF v[Step::kInputs];
      Step::Load(w + n * stride, part, v);
      for (size_t i = 0; i < Step::kInputs; ++i)
        acc[n][part] = hn::MulAdd(v[i], hn::Set(DF(), x[i]), acc[n][part]);
    }
  }
}

// N whole tiles, outputs [output, output + 16 N), for one row of x.
template <class Codec, size_t N>
HWY_INLINE void TilesOneRow(const MatmulJob& job, size_t output, float* HWY_RESTRICT sums) {
  constexpr size_t kInputs = TileStep<Codec>::kInputs;
  constexpr size_t kPrefetch = 2048 / sizeof(typename Codec::Stored);
  const size_t cols = job.w->cols, stride = TileElements<Codec>(cols);
  const auto* HWY_RESTRICT w =
      reinterpret_cast<const typename Codec::Stored*>(job.w->bytes.data()) + output / kTileOutputs * stride;
  const float* HWY_RESTRICT x = job.x.data;
  VF acc[N][kParts];
  for (auto& a : acc) {
    for (auto& part : a) part = hn::Zero(DF());
  }
  size_t c = 0;
  for (; c + kInputs <= cols; c += kInputs, w += kInputs * kTileOutputs) {
    for (size_t n = 0; n < N; ++n) hwy::Prefetch(w + n * stride + kPrefetch);
    TilesStep<Codec, N>(w, stride, x + c, acc);
  }
  if (c < cols) {  // bf16 with an odd number of inputs
    const float rest[kInputs] = {x[c]};
    TilesStep<Codec, N>(w, stride, rest, acc);
  }
  for (size_t n = 0; n < N; ++n) {
    for (size_t part = 0; part < kParts; ++part)
      hn::Store(acc[n][part], DF(), sums + n * kTileOutputs + part * kLanes);
  }
}

template <class Codec>
void TilesOneRowRange(const MatmulJob& job, size_t begin, size_t end) {
  constexpr size_t kTilesAtOnce = 2;  // two streams hide the latency of one another's FMAs
  HWY_ALIGN float sums[kTilesAtOnce * kTileOutputs];
  size_t o = begin;
  for (; o + kTilesAtOnce * kTileOutputs <= end; o += kTilesAtOnce * kTileOutputs) {
    TilesOneRow<Codec, kTilesAtOnce>(job, o, sums);
    store_sums(job, 0, o, sums, kTilesAtOnce * kTileOutputs);
  }
  for (; o < end; o += kTileOutputs) {
    TilesOneRow<Codec, 1>(job, o, sums);
    store_sums(job, 0, o, sums, std::min(kTileOutputs, end - o));
  }
}

// Inputs [c, c + inputs) of the tiles of outputs [output, output + n_outputs); c is even.
template <class Codec>
HWY_INLINE void WidenTiles(const Matrix& m, size_t output, size_t n_outputs, size_t c, size_t inputs,
                           float (*HWY_RESTRICT weights)[kPanelWidth]) {
  constexpr size_t kInputs = TileStep<Codec>::kInputs;
  const size_t stride = TileElements<Codec>(m.cols);
  for (size_t o = 0; o < n_outputs; o += kTileOutputs) {
    const auto* HWY_RESTRICT w = reinterpret_cast<const typename Codec::Stored*>(m.bytes.data()) +
                                 (output + o) / kTileOutputs * stride + c * kTileOutputs;
    for (size_t i = 0; i < inputs; i += kInputs, w += kInputs * kTileOutputs) {
      for (size_t part = 0; part < kParts; ++part) {
        VF v[kInputs];
        TileStep<Codec>::Load(w, part, v);
        // An odd last input writes one row too many, which the panel has: kPanelInputs is even.
        for (size_t k = 0; k < kInputs; ++k) hn::Store(v[k], DF(), &weights[i + k][o + part * kLanes]);
      }
    }
  }
}

template <class Codec>
void Tiles(const MatmulJob& job, size_t begin, size_t end) {
  if (job.x.rows == 1) return TilesOneRowRange<Codec>(job, begin, end);
  MultiplyByPanels(job, begin, end,
                   [&](size_t o, size_t n_outputs, size_t c, size_t inputs, float(*weights)[kPanelWidth])
                       HWY_ATTR { WidenTiles<Codec>(*job.w, o, n_outputs, c, inputs, weights); });
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
