// Many rows of x times weights in tiles of 16 outputs: in blocks of outputs and inputs that stay in the
// caches while all rows are multiplied with them. An output has one sum, in order of inputs; weights stored
// output by output have 16 partial sums instead, and so need other code (out_in-inl.h). Included once for
// each SIMD target.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kernels/matmul/plan.h"

#if defined(RWKV_KERNELS_PANEL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RWKV_KERNELS_PANEL_INL_H_
#undef RWKV_KERNELS_PANEL_INL_H_
#else
#define RWKV_KERNELS_PANEL_INL_H_
#endif

#include "hwy/cache_control.h"
#include "kernels/matmul/byte_products-inl.h"
#include "kernels/vec16-inl.h"

// Put before loops over sums: g++ keeps the sums in memory unless the loops are unrolled early. Not for
// clang, which does not need the pragma and takes minutes longer with sanitizers.
#undef RWKV_UNROLL
#if HWY_COMPILER_GCC && !HWY_COMPILER_CLANG
#define RWKV_UNROLL _Pragma("GCC unroll 16")
#else
#define RWKV_UNROLL
#endif

RWKV_BEFORE_BYTE_PRODUCTS();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr size_t kPanelOutputs = 256;
constexpr size_t kPanelSums = kRowsAtOnce * kPanelOutputs;

// Several tiles, `stride` bytes apart.
struct Tiles {
  const uint8_t* first;
  size_t stride;
};

// What to prefetch while some tiles are multiplied with all rows: `lines` cache lines in each step of a
// kernel, for each of its tiles.
struct Ahead {
  const uint8_t* at = nullptr;
  size_t step = 0, tile = 0, line = 0;  // bytes from one to the next
  size_t lines = 0;

  // The share of rows [begin, end) of n_rows.
  Ahead Part(size_t begin, size_t end, size_t n_rows) const {
    const size_t first = lines * begin / n_rows;
    return {at + first * line, step, tile, line, lines * end / n_rows - first};
  }
};

template <size_t T>
HWY_INLINE void Fetch(const Ahead& ahead, size_t step) {
  for (size_t n = 0; n < T; ++n) {
    for (size_t i = 0; i < ahead.lines; ++i)
      hwy::Prefetch(ahead.at + step * ahead.step + n * ahead.tile + i * ahead.line);
  }
}

// The place of the final sums: rows of a job's y from `row` on, outputs from `output` on.
struct Results {
  const MatmulJob* job = nullptr;
  size_t row = 0, output = 0, n_outputs = 0;
};

// A block of inputs, and the partial sums between two blocks: [rows][kPanelOutputs], beginning at the
// kernel's first output. The sums of the last block go to `results`, which other blocks do not have.
struct Block {
  size_t input, n_inputs;
  float* sums;
  Results results;

  Block From(size_t row) const {
    Block from = *this;
    from.sums += row * kPanelOutputs;
    from.results.row += row;
    return from;
  }
};

// The sums of N rows and T tiles.
template <size_t N, size_t T>
using TileSums = VF[N][T][kParts];

// Zero for the first block of inputs, else the sums of the block before.
template <size_t N, size_t T>
HWY_INLINE void LoadSums(const Block& block, TileSums<N, T>& sums) {
  RWKV_UNROLL
  for (size_t t = 0; t < N; ++t) {
    for (size_t n = 0; n < T; ++n) {
      for (size_t part = 0; part < kParts; ++part) {
        const float* from = block.sums + t * kPanelOutputs + n * kTileOutputs + part * kLanes;
        sums[t][n][part] = block.input == 0 ? hn::Zero(DF()) : hn::Load(DF(), from);
      }
    }
  }
}

template <size_t N, size_t T>
HWY_INLINE void StoreSums(const TileSums<N, T>& sums, const Block& block) {
  const Results& to = block.results;
  const bool to_y = to.n_outputs >= T * kTileOutputs, adds = to_y && to.job->store == Store::kAdd;
  float* first = to_y ? to.job->y.row_data(to.row) + to.output : block.sums;
  const size_t stride = to_y ? to.job->y.stride : kPanelOutputs;
  RWKV_UNROLL
  for (size_t t = 0; t < N; ++t) {
    for (size_t n = 0; n < T; ++n) {
      for (size_t part = 0; part < kParts; ++part) {
        float* at = first + t * stride + n * kTileOutputs + part * kLanes;
        hn::StoreU(adds ? hn::Add(hn::LoadU(DF(), at), sums[t][n][part]) : sums[t][n][part], DF(), at);
      }
    }
  }
  if (to_y) return;
  for (size_t t = 0; t < N && to.n_outputs > 0; ++t)
    store_sums(*to.job, to.row + t, to.output, block.sums + t * kPanelOutputs, to.n_outputs);
}

// Multiplies rows [row, n_rows) with several tiles, at most N rows at a time.
template <size_t N, class Kernel>
HWY_INLINE void RowsOfTiles(const Kernel& kernel, const Tiles& tiles, const Block& block, size_t row,
                            size_t n_rows, const Ahead& ahead) {
  for (; row + N <= n_rows; row += N) {
    // 8 + 8: 12 + 4 would leave too few sums at a time; 3 x 5 + 1 likewise
    if ((N == 12 || N == 5) && n_rows - row == 16) break;
    kernel.template Multiply<N, Kernel::kTiles>(tiles, block.From(row), row,
                                                ahead.Part(row, row + N, n_rows));
  }
  if constexpr (N > 1) {
    constexpr size_t kFewer = N > 8 ? 8 : N > 4 ? 4 : N > 2 ? 2 : 1;
    RowsOfTiles<kFewer>(kernel, tiles, block, row, n_rows, ahead);
  }
}

// The place in a matrix, within outputs [begin, end), where a block of a panel begins.
struct Place {
  size_t output, input;
};

// The block after the one at `at`. Blocks of kOutputs x kInputs cover outputs [panel, panel_end) first, then
// the next inputs. After the last block: the first block after the panel.
template <size_t kOutputs, size_t kInputs>
HWY_INLINE Place NextBlock(const Place& at, size_t panel, size_t panel_end, size_t cols) {
  if (at.output + kOutputs < panel_end) return {at.output + kOutputs, at.input};
  if (at.input + kInputs < cols) return {panel, at.input + kInputs};
  return {panel_end, 0};
}

// A Source: the tiles of a matrix stored in tiles. Kernel: kStepInputs x kTileOutputs weights a step, which
// take kStepBytes; kInputs is the number of inputs of a block.
template <class Kernel>
class StoredTiles {
 public:
  static constexpr size_t kOutputs = kPanelOutputs, kInputs = Kernel::kInputs;

  explicit StoredTiles(const Matrix& m)
      : m_(m), tile_bytes_(hwy::DivCeil(m.cols, Kernel::kStepInputs) * Kernel::kStepBytes) {}
  Tiles TilesAt(const Place& at, size_t /*n_outputs*/, size_t /*n_inputs*/) const {
    return {Address(at), tile_bytes_};
  }
  Ahead After(const Place& at, const Place& next, size_t tile, size_t n_tiles) const {
    const size_t after = tile + Kernel::kTiles;
    return From(Address(after < n_tiles ? Place{at.output + after * kTileOutputs, at.input} : next));
  }
  // Fetches the bytes from `at` on.
  Ahead From(const uint8_t* at) const {
    constexpr size_t kLine = 64;
    return {.at = at,
            .step = Kernel::kStepBytes,
            .tile = tile_bytes_,
            .line = kLine,
            .lines = hwy::DivCeil(Kernel::kStepBytes, kLine)};
  }

 private:
  const uint8_t* Address(const Place& place) const {
    return reinterpret_cast<const uint8_t*>(m_.bytes.data()) + place.output / kTileOutputs * tile_bytes_ +
           place.input / Kernel::kStepInputs * Kernel::kStepBytes;
  }
  const Matrix& m_;
  size_t tile_bytes_;
};

// Outputs [begin, end) of a job with one row and weights in tiles, T tiles at a time.
template <size_t T, class Kernel>
HWY_INLINE void MultiplyRow(const Kernel& kernel, const MatmulJob& job, size_t begin, size_t end) {
  constexpr size_t kAheadBytes = 4096;
  const StoredTiles<Kernel> source(*job.w);
  for (size_t o = begin; o < end; o += T * kTileOutputs) {
    const size_t count = std::min(T * kTileOutputs, end - o);
    HWY_ALIGN float sums[T * kTileOutputs];
    Tiles tiles = source.TilesAt({o, 0}, count, job.w->cols);
    const Ahead ahead = source.From(tiles.first + kAheadBytes);
    if (count <= (T - 1) * kTileOutputs) tiles.stride = 0;  // the first tile again; its results are dropped
    kernel.template Multiply<1, T>(tiles, {0, job.w->cols, sums, {&job, 0, o, count}}, 0, ahead);
  }
}

// Outputs [begin, end) of rows [first_row, first_row + n_rows), at most kRowsAtOnce. The kernel's first row
// is first_row.
template <class Kernel, class Source>
HWY_INLINE void RowsByPanels(const Kernel& kernel, Source& source, const MatmulJob& job, size_t first_row,
                             size_t n_rows, size_t begin, size_t end, float* HWY_RESTRICT sums) {
  const size_t cols = job.w->cols;
  for (size_t panel = begin; panel < end; panel += kPanelOutputs) {
    const size_t panel_end = std::min(end, panel + kPanelOutputs);
    Place at{panel, 0};
    while (at.output < panel_end) {
      const Place next = NextBlock<Source::kOutputs, Source::kInputs>(at, panel, panel_end, cols);
      const size_t n_outputs = std::min(Source::kOutputs, panel_end - at.output);
      const size_t n_inputs = std::min(Source::kInputs, cols - at.input);
      const size_t n_tiles = (n_outputs + kTileOutputs - 1) / kTileOutputs;
      const Tiles all = source.TilesAt(at, n_outputs, n_inputs);
      for (size_t n = 0; n < n_tiles; n += Kernel::kTiles) {
        // If fewer tiles remain than the kernel takes, the first tile is passed again (stride 0); its extra
        // results are dropped.
        const bool lacks = n + Kernel::kTiles > n_tiles;
        const Tiles tiles{all.first + n * all.stride, lacks ? 0 : all.stride};
        const size_t output = at.output + n * kTileOutputs;
        Block block{at.input, n_inputs, sums + output - panel, {}};
        if (at.input + n_inputs == cols)
          block.results = {&job, first_row, output, std::min(end - output, Kernel::kTiles * kTileOutputs)};
        RowsOfTiles<Kernel::kRows>(kernel, tiles, block, 0, n_rows, source.After(at, next, n, n_tiles));
      }
      at = next;
    }
  }
}

// Outputs [begin, end) of a job. `sums`: kPanelSums floats. Kernel: kRows and kTiles at a time; its
// Multiply<N, T>(tiles, block, row, ahead) adds to the block's sums, and From(row) returns a kernel that
// begins there. Source: TilesAt(place, n_outputs, n_inputs) returns the tiles of a block of kOutputs x
// kInputs, and After(place, next, tile, n_tiles) what to prefetch for the block at `next`, or for the next of
// the block's n_tiles, while the kernel multiplies the block at `place` beginning with the given tile.
template <class Kernel, class Source>
void MultiplyByPanels(const Kernel& kernel, Source& source, const MatmulJob& job, size_t begin, size_t end,
                      float* HWY_RESTRICT sums) {
  for (size_t row = 0; row < job.x.rows; row += kRowsAtOnce) {
    const size_t n_rows = std::min(kRowsAtOnce, job.x.rows - row);
    RowsByPanels(kernel.From(row), source, job, row, n_rows, begin, end, sums);
  }
}

}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // RWKV_KERNELS_PANEL_INL_H_
