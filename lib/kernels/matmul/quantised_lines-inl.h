// q8, q6 and q4 weights in lines (tensor/packed_layout.h). Included once for each SIMD target.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "tensor/matrix.h"

#if defined(RWKV_KERNELS_QUANTISED_LINES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RWKV_KERNELS_QUANTISED_LINES_INL_H_
#undef RWKV_KERNELS_QUANTISED_LINES_INL_H_
#else
#define RWKV_KERNELS_QUANTISED_LINES_INL_H_
#endif

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

// ---- how a line's codes lie: Codes(), those of register `part` of a group of 64 outputs

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
// The lower 4 bits of the codes of register `part`, two positions in a byte.
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
    // From where in its byte to the upper end, for each 128 bits of positions.
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

// The codes of four inputs, as a tile holds them: a lane has one output's four. Stored positions are such
// that interleaving within 128 bits leaves outputs in order.
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

  // The column that output `output` is in.
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

// ---- a single row of x

// The inputs of a block whose codes are not zero, in fours; the last four are filled up with codes of zero.
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

}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // RWKV_KERNELS_QUANTISED_LINES_INL_H_
