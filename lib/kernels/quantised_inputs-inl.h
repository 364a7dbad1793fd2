// q8 and q4 weights that lie input by input, in blocks of 32 inputs (tensor/packed_layout.h). Included once
// for each SIMD target.
#include <cstddef>
#include <cstdint>

#include "tensor/matrix.h"

#if defined(RWKV_KERNELS_QUANTISED_INPUTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RWKV_KERNELS_QUANTISED_INPUTS_INL_H_
#undef RWKV_KERNELS_QUANTISED_INPUTS_INL_H_
#else
#define RWKV_KERNELS_QUANTISED_INPUTS_INL_H_
#endif

#include "kernels/byte_products-inl.h"
#include "kernels/codecs-inl.h"
#include "kernels/vec16-inl.h"

RWKV_BEFORE_BYTE_PRODUCTS();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET != HWY_SCALAR
using DU8 = hn::Repartition<uint8_t, DF>;
using VU8 = hn::Vec<DU8>;
#endif

// ---- how a block of 32 inputs lies: Codes(), those of one input and register `part` of a group of 64
// outputs

struct Q8Inputs {
  static constexpr size_t kGroupBytes = kInOutGroup;
  static HWY_INLINE uint8_t Code(const uint8_t* group, size_t position) { return group[position]; }
#if HWY_TARGET != HWY_SCALAR
  static HWY_INLINE VU8 Codes(const uint8_t* group, size_t part) {
    return hn::LoadU(DU8(), group + part * hn::MaxLanes(DU8()));
  }
#endif
};

struct Q4Inputs {
  static constexpr size_t kGroupBytes = kInOutGroup / 2;
  static HWY_INLINE uint8_t Code(const uint8_t* group, size_t position) {
    const unsigned both = group[position % kGroupBytes];
    return static_cast<uint8_t>(kQ4Levels[position < kGroupBytes ? both & 15 : both >> 4] + kQ8Zero);
  }
#if HWY_TARGET != HWY_SCALAR
  static HWY_INLINE VU8 Codes(const uint8_t* group, size_t part) {
    const hn::RebindToSigned<DU8> di8;
    const auto levels = hn::Xor(hn::LoadDup128(di8, kQ4Levels.data()), hn::Set(di8, int8_t{-128}));  // + 128
    return hn::BitCast(DU8(), hn::TableLookupBytes(levels, hn::BitCast(di8, Nibbles(group, part))));
  }

 private:
  static HWY_INLINE VU8 Nibbles(const uint8_t* group, size_t part) {
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
};

constexpr size_t kGroupTiles = kInOutGroup / kTileOutputs;
using GroupCodes = VI[kGroupTiles][kParts];

// The codes of four inputs, as a tile holds them: a lane has one output's four. Stored positions are such
// that interleaving within 128 bits leaves outputs in order.
template <class Inputs>
HWY_INLINE void LoadFour(const uint8_t* const (&inputs)[4], GroupCodes& w) {
#if HWY_TARGET == HWY_SCALAR
  for (size_t o = 0; o < kInOutGroup; ++o) {
    uint32_t four = 0;
    for (size_t i = 0; i < 4; ++i) four |= uint32_t{Inputs::Code(inputs[i], in_out_position(o))} << (8 * i);
    w[o / kTileOutputs][o % kTileOutputs] = hn::Set(DI(), static_cast<int32_t>(four));
  }
#else
  const hn::Repartition<uint16_t, DF> du16;
  for (size_t part = 0; part < kParts; ++part) {
    VU8 r[4];
    for (size_t i = 0; i < 4; ++i) r[i] = Inputs::Codes(inputs[i], part);
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

// One block of 32 inputs of a matrix, from output `output` on, a multiple of 64.
template <class Inputs>
struct InputBlock {
  const uint8_t* codes;
  const hwy::float16_t* scales;
  size_t input_bytes;

  InputBlock(const Matrix& m, size_t block, size_t output) {
    const size_t n_groups = (m.rows + kInOutGroup - 1) / kInOutGroup;
    input_bytes = n_groups * Inputs::kGroupBytes;
    const size_t bytes = kQuantBlock * input_bytes + n_groups * kInOutGroup * sizeof(hwy::float16_t);
    const auto* first = reinterpret_cast<const uint8_t*>(m.bytes.data()) + block * bytes;
    codes = first + output / kInOutGroup * Inputs::kGroupBytes;
    scales = reinterpret_cast<const hwy::float16_t*>(first + kQuantBlock * input_bytes) + output;
  }
};

}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // RWKV_KERNELS_QUANTISED_INPUTS_INL_H_
