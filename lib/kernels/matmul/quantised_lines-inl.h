// q8, q6 and q4 weights in lines (tensor/packed_layout.h), times a single row of x. Lines of inputs that
// relu² and quantisation set to zero are not read. Included once for each SIMD target.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kernels/matmul/plan.h"

#if defined(RWKV_KERNELS_QUANTISED_LINES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RWKV_KERNELS_QUANTISED_LINES_INL_H_
#undef RWKV_KERNELS_QUANTISED_LINES_INL_H_
#else
#define RWKV_KERNELS_QUANTISED_LINES_INL_H_
#endif

#include "hwy/cache_control.h"
#include "kernels/matmul/byte_products-inl.h"
#include "kernels/matmul/codecs-inl.h"
#include "kernels/matmul/quantised_tiles-inl.h"
#include "kernels/vec16-inl.h"

RWKV_BEFORE_BYTE_PRODUCTS();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR
using DU8 = hn::Repartition<uint8_t, DF>;
using VU8 = hn::Vec<DU8>;
#endif

// ---- a type for each dtype: Codes() returns the codes of register `part` of a group of 64 outputs

struct Q8Line {
  static constexpr DType kDType = DType::kQ8;
  static constexpr size_t kGroupBytes = kLineGroup;
  static HWY_INLINE uint8_t Code(const uint8_t* group, size_t position) { return group[position]; }
#if HWY_TARGET != HWY_SCALAR
  static HWY_INLINE VU8 Codes(const uint8_t* group, size_t part) {
    return hn::LoadU(DU8(), group + part * hn::MaxLanes(DU8()));
  }
#endif
};

#if HWY_TARGET != HWY_SCALAR
// The lower 4 bits of the codes of register `part`; a byte holds two positions.
HWY_INLINE VU8 LoadNibbles(const uint8_t* group, size_t part) {
  if constexpr (kParts == 1) {
    const hn::Half<DU8> dh;
    const auto both = hn::LoadU(dh, group);
    return hn::Combine(DU8(), hn::ShiftRight<4>(both), hn::And(both, hn::Set(dh, 15)));
  } else {
    const auto both = hn::LoadU(DU8(), group + part % (kParts / 2) * hn::MaxLanes(DU8()));
    return part < kParts / 2 ? hn::And(both, hn::Set(DU8(), 15)) : hn::ShiftRight<4>(both);
  }
}
#endif

struct Q6Line {
  static constexpr DType kDType = DType::kQ6;
  static constexpr size_t kLowBytes = kLineGroup / 2, kUpperBytes = kLineGroup / 4;
  static constexpr size_t kGroupBytes = kLowBytes + kUpperBytes;
  static HWY_INLINE uint8_t Code(const uint8_t* group, size_t position) {
    const unsigned low = group[position % kLowBytes] >> (position / kLowBytes * 4) & 15;
    const unsigned upper = group[kLowBytes + position % kUpperBytes] >> (position / kUpperBytes * 2) & 3;
    return static_cast<uint8_t>(low << 2 | upper << 6);
  }
#if HWY_TARGET != HWY_SCALAR
  static HWY_INLINE VU8 Codes(const uint8_t* group, size_t part) {
    // Shifts each 128 bits of positions from their place in the byte to its upper end.
    alignas(64) constexpr uint32_t kShifts[kVec16Lanes] = {6, 6, 6, 6, 4, 4, 4, 4, 2, 2, 2, 2, 0, 0, 0, 0};
    const DU32 d;
    const auto low = hn::ShiftLeft<2>(hn::BitCast(d, LoadNibbles(group, part)));
    const auto all_upper = hn::BitCast(d, hn::LoadDup128(DU8(), group + kLowBytes));
    const auto upper = hn::Shl(all_upper, hn::Load(d, kShifts + part * kLanes));
    return hn::BitCast(DU8(), hn::Or(low, hn::And(upper, hn::Set(d, 0xC0C0C0C0u))));
  }
#endif
};

struct Q4Line {
  static constexpr DType kDType = DType::kQ4;
  static constexpr size_t kGroupBytes = kLineGroup / 2;
  static HWY_INLINE uint8_t Code(const uint8_t* group, size_t position) {
    const unsigned both = group[position % kGroupBytes];
    return static_cast<uint8_t>(kQ4Levels[position < kGroupBytes ? both & 15 : both >> 4] + kQ8Zero);
  }
#if HWY_TARGET != HWY_SCALAR
  static HWY_INLINE VU8 Codes(const uint8_t* group, size_t part) {
    const hn::RebindToSigned<DU8> di8;
    const auto levels = hn::Xor(hn::LoadDup128(di8, kQ4Levels.data()), hn::Set(di8, int8_t{-128}));  // + 128
    return hn::BitCast(DU8(), hn::TableLookupBytes(levels, hn::BitCast(di8, LoadNibbles(group, part))));
  }
#endif
};

constexpr size_t kGroupTiles = kLineGroup / kTileOutputs;
using GroupCodes = VI[kGroupTiles][kParts];

// The codes of four inputs in the order of a tile: a lane holds four of one output. Codes are stored so that
// interleaving within 128 bits leaves outputs in order.
template <class Line>
HWY_INLINE void LoadFour(const uint8_t* const (&inputs)[4], GroupCodes& w) {
#if HWY_TARGET == HWY_SCALAR
  for (size_t o = 0; o < kLineGroup; ++o) {
    uint32_t four = 0;
    for (size_t i = 0; i < 4; ++i) four |= uint32_t{Line::Code(inputs[i], line_position(o))} << (8 * i);
    w[o / kTileOutputs][o % kTileOutputs] = hn::Set(DI(), static_cast<int32_t>(four));
  }
#else
  const hn::Repartition<uint16_t, DF> du16;
  for (size_t part = 0; part < kParts; ++part) {
    VU8 r[4];
    for (size_t i = 0; i < 4; ++i) r[i] = Line::Codes(inputs[i], part);
    const auto low01 = hn::BitCast(du16, hn::InterleaveLower(DU8(), r[0], r[1]));
    const auto high01 = hn::BitCast(du16, hn::InterleaveUpper(DU8(), r[0], r[1]));
    const auto low23 = hn::BitCast(du16, hn::InterleaveLower(DU8(), r[2], r[3]));
    const auto high23 = hn::BitCast(du16, hn::InterleaveUpper(DU8(), r[2], r[3]));
    w[0][part] = hn::BitCast(DI(), hn::InterleaveLower(du16, low01, low23));
    w[1][part] = hn::BitCast(DI(), hn::InterleaveUpper(du16, low01, low23));
    w[2][part] = hn::BitCast(DI(), hn::InterleaveLower(du16, high01, high23));
    w[3][part] = hn::BitCast(DI(), hn::InterleaveUpper(du16, high01, high23));
  }
#endif
}

// The blocks of a column.
template <class Line>
struct QuantisedColumn {
  static constexpr size_t kOutputs = line_outputs(Line::kDType), kGroups = kOutputs / kLineGroup;
  static constexpr size_t kLineBytes = line_bytes(Line::kDType);
  static constexpr size_t kBlockBytes = line_block_bytes(Line::kDType);

  const uint8_t* blocks;

  // The column that contains output `output`.
  QuantisedColumn(const Matrix& m, size_t output)
      : blocks(reinterpret_cast<const uint8_t*>(m.bytes.data()) +
               output / kOutputs * hwy::DivCeil(m.cols, kQuantBlock) * kBlockBytes) {}
  const uint8_t* Input(size_t block, size_t input) const {
    return blocks + block * kBlockBytes + input * kLineBytes;
  }
  const hwy::float16_t* Scales(size_t block) const {
    return reinterpret_cast<const hwy::float16_t*>(Input(block, kQuantBlock));
  }
};

// ---- one row of x

// The inputs of a block whose codes are not zero, four at a time; the last four are padded with zero codes.
template <class Products>
struct ActiveOfBlock {
  float scale;
  int32_t start;
  size_t n_fours = 0;
  uint8_t index[kQuantBlock];
  typename Products::template XCodes<kQuantBlock> groups;

  ActiveOfBlock() = default;
  HWY_INLINE explicit ActiveOfBlock(const PlainXBlock& x) : scale(x.scale), start(StartOf<Products>(x.sum)) {
    int8_t spare[kQuantBlock];
    int8_t* codes = groups.Staging(spare);
    std::fill_n(codes, kQuantBlock, int8_t{0});
    size_t n = 0;
    for (size_t i = 0; i < kQuantBlock; ++i) {
      codes[n] = x.codes[i];
      index[n] = static_cast<uint8_t>(i);
      n += x.codes[i] != 0;
    }
    n_fours = (n + 3) / 4;
    for (; n < n_fours * 4; ++n) codes[n] = 0, index[n] = index[0];
    groups.Take(codes);
  }
};

// Writes ceil(cols / 32) blocks.
template <class Products>
HWY_INLINE void FindActive(const float* HWY_RESTRICT x, size_t cols,
                           ActiveOfBlock<Products>* HWY_RESTRICT active) {
  constexpr size_t kAtOnce = 8;
  const size_t n_blocks = hwy::DivCeil(cols, kQuantBlock);
  for (size_t first = 0; first < n_blocks; first += kAtOnce) {
    PlainXBlock blocks[kAtOnce];
    const size_t n = std::min(kAtOnce, n_blocks - first);
    for (size_t b = 0; b < n; ++b) SetCodesOf(x, cols, first + b, blocks[b]);
    for (size_t b = 0; b < n; ++b) {
      SetSum(blocks[b]);
      active[first + b] = ActiveOfBlock<Products>(blocks[b]);
    }
  }
}

// Prefetches what AddBlock() reads of a block, a share for each group.
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

// sums += the active inputs of a block times their x, for a group of 64 outputs; the same sum as
// BlockTimesRows().
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

// Column by column; while one block is added, the block kAhead further is prefetched. The sums have the bits
// of those over tiles.
template <class Products, class Line>
struct QuantisedRowOfLines {
  using X = ActiveOfBlock<Products>;
  using Column = QuantisedColumn<Line>;
  static constexpr size_t kGrain = Column::kOutputs, kScratchBytes = 0;

  static size_t XCount(const MatmulJob& job) { return hwy::DivCeil(job.x.cols, kQuantBlock); }
  static void PrepareRow(const MatmulJob& job, size_t /*row*/, const float* x, X* prepared) {
    FindActive(x, job.x.cols, prepared);
  }

  static void Multiply(const MatmulJob& job, const X* active, size_t begin, size_t end,
                       std::byte* /*scratch*/) {
    constexpr size_t kAhead = 12 / Column::kGroups;
    const size_t n_blocks = XCount(job);
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
};

}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // RWKV_KERNELS_QUANTISED_LINES_INL_H_
