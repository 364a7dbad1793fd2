// The plans of q8, q6 and q4 in lines. Included once for each SIMD target.
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "kernels/matmul/plan.h"

#if defined(RWKV_KERNELS_MATMUL_QUANTISED_LINE_PLANS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RWKV_KERNELS_MATMUL_QUANTISED_LINE_PLANS_INL_H_
#undef RWKV_KERNELS_MATMUL_QUANTISED_LINE_PLANS_INL_H_
#else
#define RWKV_KERNELS_MATMUL_QUANTISED_LINE_PLANS_INL_H_
#endif

#include "kernels/matmul/amx-inl.h"
#include "kernels/matmul/quantised_lines-inl.h"

RWKV_BEFORE_BYTE_PRODUCTS();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Converts weights in lines into q8 tiles.
template <class Line>
class UnitsOfLines {
 public:
  static constexpr size_t kOutputs = kLineGroup, kInputs = 256;  // 17 KB stay in the first-level cache
  static constexpr size_t kUnitBytes = unit_bytes(Q8Unit::kDType);
  // One extra cache line: without it the lines of all tiles would compete for the same sets of the cache.
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

  // The blocks for the next tiles, if they differ from the current ones.
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

  // The scales of one block of a tile's unit.
  static constexpr size_t kScalesBytes = kTileOutputs * sizeof(hwy::float16_t);
  static uint8_t* Scales(uint8_t* unit, size_t n, size_t half) {
    return unit + n * kTileBytes + unit_code_bytes(Q8Unit::kDType) + half * kScalesBytes;
  }

  // The last unit has only one block. x is 0 for the missing one, but its scale must be finite (0 * inf is
  // NaN).
  static void ClearSecondScales(uint8_t* unit) {
    for (size_t n = 0; n < kGroupTiles; ++n) std::memset(Scales(unit, n, 1), 0, kScalesBytes);
  }

  const Matrix& m_;
  uint8_t* tiles_;
};

template <class Products, class Kernel, class Line>
struct QuantisedRowsOfLines : QuantisedX<Products> {
  static constexpr size_t kGrain = line_outputs(Line::kDType), kSumsBytes = kPanelSums * sizeof(float);
  static constexpr size_t kScratchBytes = kSumsBytes + UnitsOfLines<Line>::kScratchBytes;
  static void Multiply(const MatmulJob& job, const XBlock<Products>* x, size_t begin, size_t end,
                       std::byte* scratch) {
    const Kernel kernel{x, XStride(job.x.cols)};
    UnitsOfLines<Line> source(*job.w, scratch + kSumsBytes);
    MultiplyByPanels(kernel, source, job, begin, end, reinterpret_cast<float*>(scratch));
  }
};

template <class Products, class Line>
constexpr PlanRow kLinePlans[] = {
    {Layout::kLines, 1, plan_of<QuantisedRowOfLines<Products, Line>>()},
    {Layout::kLines, 2, plan_of<QuantisedRowsOfLines<Products, QuantisedKernel<Products, Q8Unit>, Line>>()},
};

#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3_DL
template <class Line>
constexpr PlanRow kAmxLinePlans[] = {
    kLinePlans<Vnni, Line>[0],
    kLinePlans<Vnni, Line>[1],
    { Layout::kLines, kAmxRows, plan_of<ByAmx<QuantisedRowsOfLines<Vnni, AmxKernel<Q8Unit>, Line>>>() },
};
#endif

template <class Line>
PlanTable LinePlans() {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3_DL
  if (uses_extension(Extension::kAmx, HWY_TARGET)) return kAmxLinePlans<Line>;
#endif
  return WithByteProducts([](auto products) -> PlanTable { return kLinePlans<decltype(products), Line>; });
}

}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // RWKV_KERNELS_MATMUL_QUANTISED_LINE_PLANS_INL_H_
