// W x for a single x and q8, q6 or q4 in lines, of which those of inputs that relu² and quantisation left at
// zero are not read. Sums are those of tiles, to the bit.
#include "kernels/matmul/parts.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul/quantised_lines.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
// After highway.h
#include "hwy/cache_control.h"
#include "kernels/matmul/quantised_lines-inl.h"

RWKV_BEFORE_BYTE_PRODUCTS();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Fetches, for each group its share, what AddBlock() reads of a block.
template <class Line, class Products>
HWY_INLINE void PrefetchBlock(const QuantisedColumn<Line>& column, size_t block,
                              const ActiveOfBlock<Products>& active, size_t group) {
  constexpr size_t kOf = QuantisedColumn<Line>::kGroups;
  const size_t n = active.n_fours * 4;
  for (size_t i = n * group / kOf; i < n * (group + 1) / kOf; ++i) {
    const uint8_t* line = column.Input(block, active.index[i]);
    hwy::Prefetch(line);
    if constexpr (QuantisedColumn<Line>::kLineBytes > 64)
      hwy::Prefetch(line + QuantisedColumn<Line>::kLineBytes - 1);
  }
  for (size_t i = 0; i < 2; ++i) hwy::Prefetch(column.Scales(block) + group * kLineGroup + i * 32);
}

// sums += the active inputs of a block times their x, for a group of 64 outputs; the sum that
// BlockTimesRows() makes.
template <class Line, class Products>
HWY_INLINE void AddBlock(const QuantisedColumn<Line>& column, size_t block, const ActiveOfBlock<Products>& x,
                         size_t group, float* HWY_RESTRICT sums) {
  const DF d;
  using Column = QuantisedColumn<Line>;
  GroupCodes acc;
  for (auto& tile : acc) {
    for (auto& part : tile) part = hn::Set(DI(), x.start);
  }
  const uint8_t* codes = column.Input(block, 0) + group * Line::kGroupBytes;
  for (size_t g = 0; g < x.n_fours; ++g) {
    const uint8_t* const inputs[4] = {
        codes + x.index[4 * g] * Column::kLineBytes, codes + x.index[4 * g + 1] * Column::kLineBytes,
        codes + x.index[4 * g + 2] * Column::kLineBytes, codes + x.index[4 * g + 3] * Column::kLineBytes};
    GroupCodes w;
    LoadFour<Line>(inputs, w);
    for (size_t n = 0; n < kGroupTiles; ++n) {
      for (size_t part = 0; part < kParts; ++part) {
        const auto group_of_w = Products::SplitWeights(w[n][part]);
        acc[n][part] = Products::AddProducts(group_of_w, x.groups, g, acc[n][part]);
      }
    }
  }
  const VF x_scale = hn::Set(d, x.scale);
  for (size_t n = 0; n < kGroupTiles; ++n) {
    for (size_t part = 0; part < kParts; ++part) {
      const size_t o = n * kTileOutputs + part * kLanes;
      const VF scale = hn::Mul(CodecF16::Load(d, column.Scales(block) + group * kLineGroup + o), x_scale);
      hn::Store(hn::MulAdd(scale, hn::ConvertTo(d, acc[n][part]), hn::Load(d, sums + o)), d, sums + o);
    }
  }
}

// Column by column; while a block is added, the one that is kAhead further is fetched.
template <class Products, class Line>
void AddRowOfLines(const MatmulJob& job, const std::byte* codes, size_t begin, size_t end) {
  using Column = QuantisedColumn<Line>;
  constexpr size_t kAhead = 12 / Column::kGroups;
  const auto* active = reinterpret_cast<const ActiveOfBlock<Products>*>(codes);
  const size_t n_blocks = hwy::DivCeil(job.w->cols, kQuantBlock);
  for (size_t o = begin; o < end; o += Column::kOutputs) {
    HWY_ALIGN float sums[Column::kOutputs] = {};
    const Column column(*job.w, o);
    for (size_t b = 0; b < n_blocks; ++b) {
      const size_t coming = (b + kAhead) % n_blocks;
      for (size_t g = 0; g < Column::kGroups; ++g) {
        PrefetchBlock(column, b + kAhead, active[coming], g);
        if (active[b].scale != 0) AddBlock(column, b, active[b], g, sums + g * kLineGroup);
      }
    }
    store_sums(job, 0, o, sums, std::min(Column::kOutputs, end - o));
  }
}

template <class Line>
void RowOfLines(const MatmulJob& job, const std::byte* codes, size_t begin, size_t end) {
  WithByteProducts([&](auto products) { AddRowOfLines<decltype(products), Line>(job, codes, begin, end); });
}

void RowOfLinesQ8(const MatmulJob& job, const std::byte* codes, size_t begin, size_t end) {
  RowOfLines<Q8Line>(job, codes, begin, end);
}
void RowOfLinesQ6(const MatmulJob& job, const std::byte* codes, size_t begin, size_t end) {
  RowOfLines<Q6Line>(job, codes, begin, end);
}
void RowOfLinesQ4(const MatmulJob& job, const std::byte* codes, size_t begin, size_t end) {
  RowOfLines<Q4Line>(job, codes, begin, end);
}
}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rwkv {
HWY_EXPORT(RowOfLinesQ8);
HWY_EXPORT(RowOfLinesQ6);
HWY_EXPORT(RowOfLinesQ4);

void matmul_quantised_row_of_lines(const MatmulJob& job, const std::byte* codes, size_t begin, size_t end) {
  if (job.w->dtype == DType::kQ8) return HWY_DYNAMIC_DISPATCH(RowOfLinesQ8)(job, codes, begin, end);
  if (job.w->dtype == DType::kQ6) return HWY_DYNAMIC_DISPATCH(RowOfLinesQ6)(job, codes, begin, end);
  HWY_DYNAMIC_DISPATCH(RowOfLinesQ4)(job, codes, begin, end);
}

}  // namespace rwkv
#endif  // HWY_ONCE
