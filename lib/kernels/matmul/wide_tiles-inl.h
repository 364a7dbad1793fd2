// Wide weights in tiles of 16 outputs. With many rows also weights in lines, which contain tiles, and weights
// input by input, copied into tiles (tensor/packed_layout.h). Included once for each SIMD target.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "kernels/matmul/plan.h"

#if defined(RWKV_KERNELS_MATMUL_WIDE_TILES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RWKV_KERNELS_MATMUL_WIDE_TILES_INL_H_
#undef RWKV_KERNELS_MATMUL_WIDE_TILES_INL_H_
#else
#define RWKV_KERNELS_MATMUL_WIDE_TILES_INL_H_
#endif

#include "kernels/matmul/codecs-inl.h"
#include "kernels/matmul/panel-inl.h"
#include "kernels/vec16-inl.h"

RWKV_BEFORE_BYTE_PRODUCTS();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// ---- weights in tiles

// How the weights of some inputs for 16 outputs are stored: kInputs together in a step, steps kBytes apart.
// Here one input a step:
template <class Codec, size_t kStride>
struct PlainStep {
  static constexpr size_t kInputs = 1, kBytes = kStride;
  // The weights of input i for the outputs of register `part`.
  static HWY_INLINE VF Load(const typename Codec::Stored* p, size_t part, size_t /*i*/) {
    return Codec::Load(DF(), p + part * kLanes);
  }
};
template <class Codec>
using LineStep = PlainStep<Codec, line_bytes(Codec::kDType)>;
template <class Codec>
struct TileStep : PlainStep<Codec, kTileOutputs * sizeof(typename Codec::Stored)> {};

// Two inputs share a 32-bit lane, so that widening is a shift or a mask.
template <>
struct TileStep<CodecBf16> {
  static constexpr size_t kInputs = 2, kBytes = kInputs * kTileOutputs * sizeof(uint16_t);
  static HWY_INLINE VF Load(const uint16_t* p, size_t part, size_t i) {
    const hn::RebindToUnsigned<DF> du32;
    const auto both = hn::LoadU(du32, reinterpret_cast<const uint32_t*>(p) + part * kLanes);
    return hn::BitCast(DF(), i == 0 ? hn::ShiftLeft<16>(both) : hn::And(both, hn::Set(du32, 0xFFFF0000u)));
  }
};

// Copies one step of a tile from weights that lie input by input, `stride` elements apart.
template <class Codec>
HWY_INLINE void PackStep(const typename Codec::Stored* HWY_RESTRICT from, size_t stride,
                         typename Codec::Stored* HWY_RESTRICT to) {
  static_assert(TileStep<Codec>::kInputs <= 2);
  if constexpr (TileStep<Codec>::kInputs == 1) {
    std::memcpy(to, from, kTileOutputs * sizeof *to);
  } else {
    const hn::RebindToUnsigned<DF> du32;
    const hn::Rebind<uint16_t, DF> du16;
    for (size_t o = 0; o < kTileOutputs; o += kLanes) {
      const auto low = hn::PromoteTo(du32, hn::LoadU(du16, from + o));
      const auto high = hn::PromoteTo(du32, hn::LoadU(du16, from + stride + o));
      hn::StoreU(hn::Or(low, hn::ShiftLeft<16>(high)), du32, reinterpret_cast<uint32_t*>(to) + o);
    }
  }
}

// sums += the weights of one step of T tiles times x, whose rows lie x_stride apart: one chain of FMAs for
// each output and row, in order of inputs.
template <class Codec, class Step, size_t N, size_t T>
HWY_INLINE void StepOfTiles(const Tiles& w, const float* HWY_RESTRICT x, size_t x_stride,
                            TileSums<N, T>& sums) {
  for (size_t i = 0; i < Step::kInputs; ++i) {
    VF weights[T][kParts];
    for (size_t n = 0; n < T; ++n) {
      const auto* tile = reinterpret_cast<const typename Codec::Stored*>(w.first + n * w.stride);
      for (size_t part = 0; part < kParts; ++part) weights[n][part] = Step::Load(tile, part, i);
    }
    RWKV_UNROLL
    for (size_t t = 0; t < N; ++t) {
      const VF vx = hn::Set(DF(), x[t * x_stride + i]);
      for (size_t n = 0; n < T; ++n) {
        for (size_t part = 0; part < kParts; ++part)
          sums[t][n][part] = hn::MulAdd(weights[n][part], vx, sums[t][n][part]);
      }
    }
  }
}

// Uses as many sums as the registers hold: 12 rows x 2 tiles of AVX-512's 32 registers; 5 x 1 (of two
// registers each) of AVX2's 16, since g++ keeps one sum of 6 x 1 in memory and then waits for it; 6 x 1 (of
// four) of NEON's 32.
template <class Codec, class Step = TileStep<Codec>>
struct WideKernel {
  static constexpr size_t kRows = kParts == 1 ? 12 : kParts == 2 ? 5 : 6;
  static constexpr size_t kTiles = kParts == 1 ? 2 : 1;
  static constexpr size_t kInputs = 256;  // of a block
  static constexpr size_t kStepInputs = Step::kInputs, kStepBytes = Step::kBytes;

  MatSpan<const float> x;

  WideKernel From(size_t row) const { return {x.rows_at(row, x.rows - row)}; }

  // A function of its own where registers are few: inlined into its caller, g++ runs out of registers.
  template <size_t N, size_t T>
  HWY_INLINE void Multiply(const Tiles& tiles, const Block& block, size_t row, const Ahead& ahead) const {
    if constexpr (kParts == 1) {
      MultiplyInline<N, T>(tiles, block, row, ahead);
    } else {
      MultiplyApart<N, T>(tiles, block, row, ahead);
    }
  }

 private:
  template <size_t N, size_t T>
  HWY_NOINLINE void MultiplyApart(const Tiles& tiles, const Block& block, size_t row,
                                  const Ahead& ahead) const {
    MultiplyInline<N, T>(tiles, block, row, ahead);
  }

  template <size_t N, size_t T>
  HWY_INLINE void MultiplyInline(const Tiles& tiles, const Block& block, size_t row,
                                 const Ahead& ahead) const {
    const float* HWY_RESTRICT px = x.row_data(row) + block.input;
    TileSums<N, T> sums;
    LoadSums<N, T>(block, sums);
    Tiles w = tiles;
    size_t c = 0;
    for (size_t step = 0; c + Step::kInputs <= block.n_inputs; c += Step::kInputs, ++step) {
      Fetch<T>(ahead, step);
      StepOfTiles<Codec, Step, N, T>(w, px + c, x.stride, sums);
      w.first += kStepBytes;
    }
    if (c < block.n_inputs) {  // bf16 with an odd number of inputs
      float rest[N][Step::kInputs] = {};
      for (size_t t = 0; t < N; ++t) rest[t][0] = px[t * x.stride + c];
      StepOfTiles<Codec, Step, N, T>(w, rest[0], Step::kInputs, sums);
    }
    StoreSums<N, T>(sums, block);
  }
};

// ---- weights in lines: a part of each line forms a tile
template <class Codec>
class StoredLines {
  static constexpr size_t kLineBytes = line_bytes(Codec::kDType);

 public:
  static constexpr size_t kOutputs = line_outputs(Codec::kDType), kInputs = 128;  // 16 KB

  explicit StoredLines(const Matrix& m) : m_(m) {}
  Tiles TilesAt(const Place& at, size_t /*n_outputs*/, size_t /*n_inputs*/) const {
    return {Address(at), kTileOutputs * sizeof(typename Codec::Stored)};
  }
  // The next block; each tile fetches a share.
  Ahead After(const Place& /*at*/, const Place& next, size_t tile, size_t /*n_tiles*/) const {
    constexpr size_t kStep = kLineBytes / (kOutputs / kTileOutputs), kShare = kInputs * kStep;
    return {.at = Address(next) + tile * kShare, .step = kStep, .tile = kShare, .line = 0, .lines = 1};
  }

 private:
  const uint8_t* Address(const Place& place) const {
    return reinterpret_cast<const uint8_t*>(m_.bytes.data()) +
           (place.output / kOutputs * m_.cols + place.input) * kLineBytes;
  }
  const Matrix& m_;
};

// ---- tiles copied from weights that lie input by input, in the whole matrix or within lines

// The address of an input's weights: inputs lie `stride` elements apart.
template <class Codec>
struct InputByInput {
  using Stored = typename Codec::Stored;
  const Stored* first;
  size_t stride;

  explicit InputByInput(const Matrix& m)
      : first(reinterpret_cast<const Stored*>(m.bytes.data())), stride(m.rows) {}
  const Stored* Address(const Place& place) const { return first + place.input * stride + place.output; }
};
template <class Codec>
struct WithinLines {
  using Stored = typename Codec::Stored;
  static constexpr size_t stride = line_outputs(Codec::kDType);
  const Stored* first;
  size_t cols;

  explicit WithinLines(const Matrix& m)
      : first(reinterpret_cast<const Stored*>(m.bytes.data())), cols(m.cols) {}
  const Stored* Address(const Place& place) const {
    return first + (place.output / stride * cols + place.input) * stride + place.output % stride;
  }
};

template <class Codec, class Memory = InputByInput<Codec>>
class TilesOfInputs {
  using Stored = typename Codec::Stored;
  using Kernel = WideKernel<Codec>;
  static constexpr size_t kStepInputs = Kernel::kStepInputs;

 public:
  // Blocks of 16 KB, which stay in the first-level cache.
  static constexpr size_t kOutputs = 64, kInputs = (1 << 14) / sizeof(Stored) / kOutputs;
  // One extra cache line: without it the lines of all tiles would compete for the same sets of the cache.
  static constexpr size_t kTileBytes = kInputs * kTileOutputs * sizeof(Stored) + 64;
  static constexpr size_t kScratchBytes = kOutputs / kTileOutputs * kTileBytes;

  TilesOfInputs(const Matrix& m, std::byte* scratch)
      : memory_(m), tiles_(reinterpret_cast<uint8_t*>(scratch)) {}

  HWY_INLINE Tiles TilesAt(const Place& at, size_t n_outputs, size_t n_inputs) {
    for (size_t c = 0; c < n_inputs; c += kStepInputs) {
      for (size_t o = 0; o < n_outputs; o += kTileOutputs) {
        auto* to = reinterpret_cast<Stored*>(tiles_ + o / kTileOutputs * kTileBytes) + c * kTileOutputs;
        const Place from{at.output + o, at.input + c};
        if (o + kTileOutputs <= n_outputs && c + kStepInputs <= n_inputs) {
          PackStep<Codec>(memory_.Address(from), memory_.stride, to);
        } else {
          PackPart(from, std::min(kTileOutputs, n_outputs - o), std::min(kStepInputs, n_inputs - c), to);
        }
      }
    }
    return {tiles_, kTileBytes};
  }

  // The weights of the next block, for its tiles.
  Ahead After(const Place& /*at*/, const Place& next, size_t tile, size_t /*n_tiles*/) const {
    const size_t row_bytes = memory_.stride * sizeof(Stored);
    const auto* from = reinterpret_cast<const uint8_t*>(memory_.Address(next) + tile * kTileOutputs);
    if (Kernel::kTiles == 1)
      return {.at = from, .step = kStepInputs * row_bytes, .line = row_bytes, .lines = kStepInputs};
    return {.at = from,
            .step = kStepInputs * row_bytes,
            .tile = kStepInputs == 2 ? row_bytes : kTileOutputs * sizeof(Stored),
            .lines = 1};
  }

 private:
  // A step with fewer outputs or inputs; the missing ones become zeros.
  void PackPart(const Place& from, size_t n_outputs, size_t n_inputs, Stored* to) const {
    Stored padded[kStepInputs][kTileOutputs] = {};
    for (size_t i = 0; i < n_inputs; ++i)
      std::memcpy(padded[i], memory_.Address({from.output, from.input + i}), n_outputs * sizeof(Stored));
    PackStep<Codec>(padded[0], kTileOutputs, to);
  }

  Memory memory_;
  uint8_t* tiles_;
};

// ---- kernels (plan.h)

// Shared by the kernels for many rows: tiles go through panels, whose sums are the first part of the scratch.
struct ByPanels {
  using X = void;
  static constexpr size_t kGrain = 2 * kTileOutputs, kScratchBytes = kPanelSums * sizeof(float);
};

template <class Codec>
struct RowOfTiles {
  using X = void;
  static constexpr size_t kTiles = 2;  // two streams of FMAs hide each other's latency
  static constexpr size_t kGrain = kTiles * kTileOutputs, kScratchBytes = 0;
  static void Multiply(const MatmulJob& job, size_t begin, size_t end, std::byte* /*scratch*/) {
    MultiplyRow<kTiles>(WideKernel<Codec>{job.x}, job, begin, end);
  }
};

template <class Codec>
struct RowsOfStoredTiles : ByPanels {
  static void Multiply(const MatmulJob& job, size_t begin, size_t end, std::byte* scratch) {
    StoredTiles<WideKernel<Codec>> source(*job.w);
    MultiplyByPanels(WideKernel<Codec>{job.x}, source, job, begin, end, reinterpret_cast<float*>(scratch));
  }
};

template <class Codec>
struct RowsOfStoredLines : ByPanels {
  static constexpr size_t kGrain = line_outputs(Codec::kDType);
  static void Multiply(const MatmulJob& job, size_t begin, size_t end, std::byte* scratch) {
    StoredLines<Codec> source(*job.w);
    const WideKernel<Codec, LineStep<Codec>> kernel{job.x};
    MultiplyByPanels(kernel, source, job, begin, end, reinterpret_cast<float*>(scratch));
  }
};

// Low-rank matrices are read in runs of outputs, which should be long: hence fewer pieces.
template <class Codec>
struct RowsOfStoredInputs : ByPanels {
  static constexpr size_t kPieces = 2;
  static constexpr size_t kScratchBytes = ByPanels::kScratchBytes + TilesOfInputs<Codec>::kScratchBytes;
  static void Multiply(const MatmulJob& job, size_t begin, size_t end, std::byte* scratch) {
    TilesOfInputs<Codec> source(*job.w, scratch + ByPanels::kScratchBytes);
    MultiplyByPanels(WideKernel<Codec>{job.x}, source, job, begin, end, reinterpret_cast<float*>(scratch));
  }
};

}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // RWKV_KERNELS_MATMUL_WIDE_TILES_INL_H_
