// W x for q8 and q4 in tiles; and for many rows, of those by inputs.
#include "kernels/matmul_parts.h"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul_quantised.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
// After highway.h
#include "kernels/quantised_inputs-inl.h"
#include "kernels/quantised_tiles-inl.h"

RWKV_BEFORE_BYTE_PRODUCTS();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// ---- tiles made, as q8, of weights that lie input by input.
template <class Inputs>
class UnitsOfInputs {
 public:
  static constexpr size_t kOutputs = kInOutGroup, kInputs = 256;  // 17 KB stay in the first-level cache
  // A line more than the tile takes, or all tiles' lines would compete for the same places of the cache.
  static constexpr size_t kTileBytes = kInputs / kTileUnit * Q8Unit::kBytes + 64;
  static constexpr size_t kScratchBytes = kOutputs / kTileOutputs * kTileBytes;

  UnitsOfInputs(const Matrix& m, std::byte* scratch) : m_(m), tiles_(reinterpret_cast<uint8_t*>(scratch)) {}

  HWY_INLINE Tiles TilesAt(const Place& at, size_t /*n_outputs*/, size_t n_inputs) {
    for (size_t c = 0; c < n_inputs; c += kQuantBlock) {
      const InputBlock<Inputs> block(m_, (at.input + c) / kQuantBlock, at.output);
      BlockToTiles(block, tiles_ + c / kTileUnit * Q8Unit::kBytes, c % kTileUnit / kQuantBlock);
    }
    if (n_inputs % kTileUnit != 0 && n_inputs % kTileUnit <= kQuantBlock)
      ClearSecondScales(tiles_ + n_inputs / kTileUnit * Q8Unit::kBytes);
    return {tiles_, kTileBytes};
  }

  // The next block's weights, of which its tiles will be made.
  Ahead After(const Place& /*at*/, const Place& next, size_t tile) const {
    constexpr size_t kTiles = kOutputs / kTileOutputs, kLines = kTileUnit / kTiles;
    const InputBlock<Inputs> block(m_, next.input / kQuantBlock, next.output);
    const size_t input_bytes = block.input_bytes;
    return {.at = block.codes + tile * kLines * input_bytes,
            .step = kTileUnit * input_bytes,
            .tile = kLines * input_bytes,
            .line = input_bytes,
            .lines = kLines};
  }

 private:
  static HWY_INLINE void BlockToTiles(const InputBlock<Inputs>& block, uint8_t* HWY_RESTRICT unit,
                                      size_t half) {
    for (size_t g = 0; g < kGroups; ++g) {
      const uint8_t* first = block.codes + 4 * g * block.input_bytes;
      const uint8_t* const inputs[4] = {first, first + block.input_bytes, first + 2 * block.input_bytes,
                                        first + 3 * block.input_bytes};
      GroupCodes w;
      LoadFour<Inputs>(inputs, w);
      for (size_t n = 0; n < kGroupTiles; ++n) {
        uint8_t* to = unit + n * kTileBytes + (half * kGroups + g) * kGroupBytes;
        for (size_t part = 0; part < kParts; ++part)
          hn::StoreU(w[n][part], DI(), reinterpret_cast<int32_t*>(to) + part * kLanes);
      }
    }
    for (size_t n = 0; n < kGroupTiles; ++n) {
      std::memcpy(unit + n * kTileBytes + Q8Unit::kScales + half * kTileOutputs * sizeof(hwy::float16_t),
                  block.scales + n * kTileOutputs, kTileOutputs * sizeof(hwy::float16_t));
    }
  }

  // The last unit lacks a block, whose x is zero: finite scales will do.
  static void ClearSecondScales(uint8_t* unit) {
    for (size_t n = 0; n < kGroupTiles; ++n) {
      std::memset(unit + n * kTileBytes + Q8Unit::kScales + kTileOutputs * sizeof(hwy::float16_t), 0,
                  kTileOutputs * sizeof(hwy::float16_t));
    }
  }

  const Matrix& m_;
  uint8_t* tiles_;
};

// ---- outputs [begin, end) of a job

void QuantiseX(const MatmulJob& job, size_t begin, size_t end, std::byte* codes) {
  const size_t cols = job.x.cols;
  if (is_row_in_out(job)) return QuantiseRow(job.x.data, cols, reinterpret_cast<PlainXBlock*>(codes));
  WithByteProducts([&](auto products) {
    auto* blocks = reinterpret_cast<XBlock<decltype(products)>*>(codes);
    for (size_t t = begin; t < end; ++t) QuantiseRow(job.x.row_data(t), cols, blocks + t * XStride(cols));
  });
}
size_t QuantisedXBytes(const MatmulJob& job) {
  if (is_row_in_out(job)) return BlocksOf(job.x.cols) * sizeof(PlainXBlock);
  return WithByteProducts(
      [&](auto products) { return job.x.rows * XStride(job.x.cols) * sizeof(XBlock<decltype(products)>); });
}

template <class Products, class Unit, class Inputs>
void MultiplyQuantised(const MatmulJob& job, const std::byte* codes, size_t begin, size_t end,
                       std::byte* scratch) {
  using Kernel = QuantisedKernel<Products, Unit>;
  const auto* blocks = reinterpret_cast<const XBlock<Products>*>(codes);
  const size_t x_stride = XStride(job.x.cols);
  if (job.x.rows == 1) return MultiplyRow<1>(Kernel{blocks, x_stride}, job, begin, end);
  auto* sums = reinterpret_cast<float*>(scratch);
  for (size_t row = 0; row < job.x.rows; row += kPanelRows, blocks += kPanelRows * x_stride) {
    const size_t n_rows = std::min(kPanelRows, job.x.rows - row);
    if (job.w->layout == Layout::kTiles) {
      StoredTiles<Kernel> source(*job.w);
      MultiplyByPanels(Kernel{blocks, x_stride}, source, job, row, n_rows, begin, end, sums);
    } else {
      UnitsOfInputs<Inputs> source(*job.w, scratch + kPanelSums * sizeof(float));
      MultiplyByPanels(QuantisedKernel<Products, Q8Unit>{blocks, x_stride}, source, job, row, n_rows, begin,
                       end, sums);
    }
  }
}

template <class Unit, class Inputs>
void Quantised(const MatmulJob& job, const std::byte* codes, size_t begin, size_t end, std::byte* scratch) {
  WithByteProducts([&](auto products) {
    MultiplyQuantised<decltype(products), Unit, Inputs>(job, codes, begin, end, scratch);
  });
}

void QuantisedQ8(const MatmulJob& job, const std::byte* codes, size_t begin, size_t end, std::byte* scratch) {
  Quantised<Q8Unit, Q8Inputs>(job, codes, begin, end, scratch);
}
void QuantisedQ4(const MatmulJob& job, const std::byte* codes, size_t begin, size_t end, std::byte* scratch) {
  Quantised<Q4Unit, Q4Inputs>(job, codes, begin, end, scratch);
}
size_t QuantisedScratchBytes() { return kPanelSums * sizeof(float) + UnitsOfInputs<Q8Inputs>::kScratchBytes; }

}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rwkv {
HWY_EXPORT(QuantiseX);
HWY_EXPORT(QuantisedXBytes);
HWY_EXPORT(QuantisedQ8);
HWY_EXPORT(QuantisedQ4);
HWY_EXPORT(QuantisedScratchBytes);

size_t quantised_x_bytes(const MatmulJob& job) { return HWY_DYNAMIC_DISPATCH(QuantisedXBytes)(job); }

void quantise_x(const MatmulJob& job, size_t begin, size_t end, std::byte* codes) {
  HWY_DYNAMIC_DISPATCH(QuantiseX)(job, begin, end, codes);
}

size_t quantised_scratch_bytes() { return HWY_DYNAMIC_DISPATCH(QuantisedScratchBytes)(); }

void matmul_quantised(const MatmulJob& job, const std::byte* codes, size_t begin, size_t end,
                      std::byte* scratch) {
  if (job.w->dtype == DType::kQ8) return HWY_DYNAMIC_DISPATCH(QuantisedQ8)(job, codes, begin, end, scratch);
  HWY_DYNAMIC_DISPATCH(QuantisedQ4)(job, codes, begin, end, scratch);
}

}  // namespace rwkv
#endif  // HWY_ONCE
