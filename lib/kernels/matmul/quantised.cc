// W x for q8, q6 and q4 in tiles; and for many rows, in lines.
#include "kernels/matmul/parts.h"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul/quantised.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
// After highway.h
#include "kernels/matmul/amx-inl.h"
#include "kernels/matmul/quantised_lines-inl.h"

RWKV_BEFORE_BYTE_PRODUCTS();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// ---- tiles made, as q8, of weights in lines
template <class Line>
class UnitsOfLines {
 public:
  static constexpr size_t kOutputs = kLineGroup, kInputs = 256;  // 17 KB stay in the first-level cache
  static constexpr size_t kUnitBytes = unit_bytes(Q8Unit::kDType);
  // A line more than the tile takes, or all tiles' lines would compete for the same places of the cache.
  static constexpr size_t kTileBytes = kInputs / kTileUnit * kUnitBytes + 64;
  static constexpr size_t kScratchBytes = kOutputs / kTileOutputs * kTileBytes;

  UnitsOfLines(const Matrix& m, std::byte* scratch) : m_(m), tiles_(reinterpret_cast<uint8_t*>(scratch)) {}

  HWY_INLINE Tiles TilesAt(const Place& at, size_t /*n_outputs*/, size_t n_inputs) {
    const Column column(m_, at.output);
    const size_t group = at.output % Column::kOutputs / kLineGroup;
    for (size_t c = 0; c < n_inputs; c += kQuantBlock) {
      BlockToTiles(column, (at.input + c) / kQuantBlock, group, tiles_ + c / kTileUnit * kUnitBytes,
                   c % kTileUnit / kQuantBlock);
    }
    if (n_inputs % kTileUnit != 0 && n_inputs % kTileUnit <= kQuantBlock)
      ClearSecondScales(tiles_ + n_inputs / kTileUnit * kUnitBytes);
    return {tiles_, kTileBytes};
  }

  // The blocks that the next tiles will be made of, when they are others.
  Ahead After(const Place& at, const Place& next, size_t tile, size_t /*n_tiles*/) const {
    constexpr size_t kTiles = kOutputs / kTileOutputs, kSteps = kInputs / kTileUnit, kCacheLine = 64;
    constexpr size_t kLines = kInputs / kQuantBlock * Column::kBlockBytes / kCacheLine / kTiles / kSteps;
    const Column column(m_, next.output);
    if (next.input == at.input && column.blocks == Column(m_, at.output).blocks) return {};
    constexpr size_t kTile = kSteps * kLines * kCacheLine;
    return {.at = column.Input(next.input / kQuantBlock, 0) + tile * kTile,
            .step = kLines * kCacheLine,
            .tile = kTile,
            .line = kCacheLine,
            .lines = kLines};
  }

 private:
  using Column = QuantisedColumn<Line>;

  static HWY_INLINE void BlockToTiles(const Column& column, size_t block, size_t group,
                                      uint8_t* HWY_RESTRICT unit, size_t half) {
    for (size_t g = 0; g < kGroups; ++g) {
      const uint8_t* first = column.Input(block, 4 * g) + group * Line::kGroupBytes;
      const uint8_t* const inputs[4] = {first, first + Column::kLineBytes, first + 2 * Column::kLineBytes,
                                        first + 3 * Column::kLineBytes};
      GroupCodes w;
      LoadFour<Line>(inputs, w);
      for (size_t n = 0; n < kGroupTiles; ++n) {
        uint8_t* to = unit + n * kTileBytes + (half * kGroups + g) * kGroupBytes;
        for (size_t part = 0; part < kParts; ++part)
          hn::StoreU(w[n][part], DI(), reinterpret_cast<int32_t*>(to) + part * kLanes);
      }
    }
    for (size_t n = 0; n < kGroupTiles; ++n) {
      std::memcpy(Scales(unit, n, half), column.Scales(block) + group * kLineGroup + n * kTileOutputs,
                  kScalesBytes);
    }
  }

  // Of a block of the unit of tile n.
  static constexpr size_t kScalesBytes = kTileOutputs * sizeof(hwy::float16_t);
  static uint8_t* Scales(uint8_t* unit, size_t n, size_t half) {
    return unit + n * kTileBytes + unit_code_bytes(Q8Unit::kDType) + half * kScalesBytes;
  }

  // The last unit lacks a block, whose x is zero: finite scales will do.
  static void ClearSecondScales(uint8_t* unit) {
    for (size_t n = 0; n < kGroupTiles; ++n) std::memset(Scales(unit, n, 1), 0, kScalesBytes);
  }

  const Matrix& m_;
  uint8_t* tiles_;
};

// ---- outputs [begin, end) of a job

void QuantiseRowOf(const MatmulJob& job, size_t row, const float* x, std::byte* codes) {
  const size_t cols = job.x.cols;
  WithByteProducts([&](auto products) {
    using Products = decltype(products);
    if (is_row_of_lines(job)) return FindActive(x, cols, reinterpret_cast<ActiveOfBlock<Products>*>(codes));
    auto* blocks = reinterpret_cast<XBlock<Products>*>(codes);
    QuantiseRow(x, cols, blocks + row * XStride(cols));
  });
}
size_t QuantisedXBytes(const MatmulJob& job) {
  return WithByteProducts([&](auto products) {
    using Products = decltype(products);
    return is_row_of_lines(job) ? hwy::DivCeil(job.x.cols, kQuantBlock) * sizeof(ActiveOfBlock<Products>)
                                : job.x.rows * XStride(job.x.cols) * sizeof(XBlock<Products>);
  });
}

// KernelOf<U>: the kernel for units U, made of the codes and XStride().
template <template <class> class KernelOf, class Unit, class Line, class Codes>
void MultiplyRows(const MatmulJob& job, const Codes* codes, size_t begin, size_t end, std::byte* scratch) {
  const size_t x_stride = XStride(job.x.cols);
  auto* sums = reinterpret_cast<float*>(scratch);
  if (job.w->layout == Layout::kTiles) {
    StoredTiles<KernelOf<Unit>> source(*job.w);
    return MultiplyByPanels(KernelOf<Unit>{codes, x_stride}, source, job, begin, end, sums);
  }
  UnitsOfLines<Line> source(*job.w, scratch + kPanelSums * sizeof(float));
  MultiplyByPanels(KernelOf<Q8Unit>{codes, x_stride}, source, job, begin, end, sums);
}

template <class Products>
struct Plain {
  template <class Unit>
  using KernelOf = QuantisedKernel<Products, Unit>;
};

template <class Products, class Unit, class Line>
void MultiplyQuantised(const MatmulJob& job, const std::byte* codes, size_t begin, size_t end,
                       std::byte* scratch) {
  const auto* blocks = reinterpret_cast<const XBlock<Products>*>(codes);
  if (job.x.rows == 1)
    return MultiplyRow<1>(QuantisedKernel<Products, Unit>{blocks, XStride(job.x.cols)}, job, begin, end);
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3_DL
  if (job.x.rows >= kAmxRows && uses_extension(HWY_TARGET)) {
    const AmxRegisters registers;
    return MultiplyRows<AmxKernel, Unit, Line>(job, blocks, begin, end, scratch);
  }
#endif
  MultiplyRows<Plain<Products>::template KernelOf, Unit, Line>(job, blocks, begin, end, scratch);
}

template <class Unit, class Line>
void Quantised(const MatmulJob& job, const std::byte* codes, size_t begin, size_t end, std::byte* scratch) {
  WithByteProducts([&](auto products) {
    MultiplyQuantised<decltype(products), Unit, Line>(job, codes, begin, end, scratch);
  });
}

void QuantisedQ8(const MatmulJob& job, const std::byte* codes, size_t begin, size_t end, std::byte* scratch) {
  Quantised<Q8Unit, Q8Line>(job, codes, begin, end, scratch);
}
void QuantisedQ6(const MatmulJob& job, const std::byte* codes, size_t begin, size_t end, std::byte* scratch) {
  Quantised<Q6Unit, Q6Line>(job, codes, begin, end, scratch);
}
void QuantisedQ4(const MatmulJob& job, const std::byte* codes, size_t begin, size_t end, std::byte* scratch) {
  Quantised<Q4Unit, Q4Line>(job, codes, begin, end, scratch);
}
size_t QuantisedScratchBytes() { return kPanelSums * sizeof(float) + UnitsOfLines<Q8Line>::kScratchBytes; }

}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rwkv {
HWY_EXPORT(QuantiseRowOf);
HWY_EXPORT(QuantisedXBytes);
HWY_EXPORT(QuantisedQ8);
HWY_EXPORT(QuantisedQ6);
HWY_EXPORT(QuantisedQ4);
HWY_EXPORT(QuantisedScratchBytes);

size_t quantised_x_bytes(const MatmulJob& job) { return HWY_DYNAMIC_DISPATCH(QuantisedXBytes)(job); }

void quantise_row(const MatmulJob& job, size_t row, const float* x, std::byte* codes) {
  HWY_DYNAMIC_DISPATCH(QuantiseRowOf)(job, row, x, codes);
}

size_t quantised_scratch_bytes() { return HWY_DYNAMIC_DISPATCH(QuantisedScratchBytes)(); }

void matmul_quantised(const MatmulJob& job, const std::byte* codes, size_t begin, size_t end,
                      std::byte* scratch) {
  if (job.w->dtype == DType::kQ8) return HWY_DYNAMIC_DISPATCH(QuantisedQ8)(job, codes, begin, end, scratch);
  if (job.w->dtype == DType::kQ6) return HWY_DYNAMIC_DISPATCH(QuantisedQ6)(job, codes, begin, end, scratch);
  HWY_DYNAMIC_DISPATCH(QuantisedQ4)(job, codes, begin, end, scratch);
}

}  // namespace rwkv
#endif  // HWY_ONCE
