// Many rows of x times weights of which a lane is one output: a panel of weights is widened once and
// multiplied with every row. Included once for each SIMD target.
#include <algorithm>
#include <type_traits>

#include "kernels/matmul_parts.h"

#if defined(RWKV_KERNELS_PANEL_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RWKV_KERNELS_PANEL_INL_H_
#undef RWKV_KERNELS_PANEL_INL_H_
#else
#define RWKV_KERNELS_PANEL_INL_H_
#endif

#include "kernels/vec16-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr size_t kPanelWidth = 32;    // outputs
constexpr size_t kPanelInputs = 128;  // panel (16 KB) and a tile of x (6 KB) stay in the first-level cache
constexpr size_t kPanelRows = 96;     // rows of x at a time

// A tile of rows and outputs takes as many accumulators as the registers hold: 6 x 2 of AVX2's 16, 12 x 2 of
// AVX-512's 32, 6 x 4 of NEON's 32.
constexpr size_t kTileVecs = kParts == 1 ? 2 : kParts;
constexpr size_t kTileRowsOfPanel = kParts == 1 ? 12 : 6;

struct Panel {
  HWY_ALIGN float weights[kPanelInputs][kPanelWidth];
  HWY_ALIGN float sums[kPanelRows][kPanelWidth];
};

// sums[t] += weights x[t] for N rows and the outputs of one tile; one chain of FMAs an output, in order of
// inputs.
template <size_t N>
HWY_INLINE void PanelTile(Panel& p, const float* HWY_RESTRICT x, size_t stride, size_t inputs, size_t row,
                          size_t output) {
  const DF d;
  VF acc[N][kTileVecs];
  for (size_t t = 0; t < N; ++t) {
    for (size_t i = 0; i < kTileVecs; ++i) acc[t][i] = hn::Load(d, &p.sums[row + t][output + i * kLanes]);
  }
  for (size_t c = 0; c < inputs; ++c) {
    VF w[kTileVecs];
    for (size_t i = 0; i < kTileVecs; ++i) w[i] = hn::Load(d, &p.weights[c][output + i * kLanes]);
    for (size_t t = 0; t < N; ++t) {
      const VF vx = hn::Set(d, x[t * stride + c]);
      for (size_t i = 0; i < kTileVecs; ++i) acc[t][i] = hn::MulAdd(w[i], vx, acc[t][i]);
    }
  }
  for (size_t t = 0; t < N; ++t) {
    for (size_t i = 0; i < kTileVecs; ++i) hn::Store(acc[t][i], d, &p.sums[row + t][output + i * kLanes]);
  }
}

// All rows of x times the outputs of one tile.
HWY_INLINE void PanelTiles(Panel& p, MatSpan<const float> x, size_t c, size_t inputs, size_t output) {
  size_t row = 0;
  const auto multiply = [&]<size_t N>(std::integral_constant<size_t, N>) HWY_ATTR {
    for (; row + N <= x.rows; row += N) {
      if (N == 12 && x.rows - row == 16) break;  // two tiles of 8 are better than of 12 and 4
      PanelTile<N>(p, x.row_data(row) + c, x.stride, inputs, row, output);
    }
  };
  multiply(std::integral_constant<size_t, kTileRowsOfPanel>());
  if constexpr (kTileRowsOfPanel > 8) multiply(std::integral_constant<size_t, 8>());
  multiply(std::integral_constant<size_t, 4>());
  multiply(std::integral_constant<size_t, 2>());
  multiply(std::integral_constant<size_t, 1>());
}

// The panel's sums for at most kPanelRows rows. `widen(first input, inputs, panel.weights)` fills in weights;
// outputs beyond n_outputs may hold anything finite.
template <class WidenInputs>
HWY_INLINE void PanelSums(Panel& p, MatSpan<const float> x, size_t n_outputs, WidenInputs&& widen) {
  for (size_t t = 0; t < x.rows; ++t) std::fill_n(p.sums[t], kPanelWidth, 0.0f);
  for (size_t c = 0; c < x.cols; c += kPanelInputs) {
    const size_t inputs = std::min(kPanelInputs, x.cols - c);
    widen(c, inputs, p.weights);
    for (size_t o = 0; o < n_outputs; o += kTileVecs * kLanes) PanelTiles(p, x, c, inputs, o);
  }
}

// Outputs [begin, end) of the job. `widen(first output, outputs, first input, inputs, panel.weights)`.
template <class WidenPart>
HWY_INLINE void MultiplyByPanels(const MatmulJob& job, size_t begin, size_t end, WidenPart&& widen) {
  Panel panel;
  for (size_t o = begin; o < end; o += kPanelWidth) {
    const size_t n_outputs = std::min(kPanelWidth, end - o);
    for (size_t t = 0; t < job.x.rows; t += kPanelRows) {
      const size_t rows = std::min(kPanelRows, job.x.rows - t);
      PanelSums(panel, job.x.rows_at(t, rows), n_outputs,
                [&](size_t c, size_t inputs, float(*weights)[kPanelWidth])
                    HWY_ATTR { widen(o, n_outputs, c, inputs, weights); });
      for (size_t row = 0; row < rows; ++row) store_sums(job, t + row, o, panel.sums[row], n_outputs);
    }
  }
}

}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // RWKV_KERNELS_PANEL_INL_H_
