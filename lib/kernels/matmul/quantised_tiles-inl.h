// q8, q6 and q4 weights in tiles of 16 outputs (tensor/packed_layout.h) times rows of x. x is quantised as
// well, to 8 bits with a scale for each block of 32, so a block's products are added as integers. Included
// once for each SIMD target.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kernels/matmul/plan.h"

#if defined(RWKV_KERNELS_QUANTISED_TILES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RWKV_KERNELS_QUANTISED_TILES_INL_H_
#undef RWKV_KERNELS_QUANTISED_TILES_INL_H_
#else
#define RWKV_KERNELS_QUANTISED_TILES_INL_H_
#endif

#include "kernels/matmul/byte_products-inl.h"
#include "kernels/matmul/codecs-inl.h"
#include "kernels/matmul/panel-inl.h"
#include "kernels/vec16-inl.h"

RWKV_BEFORE_BYTE_PRODUCTS();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// ---- x

constexpr size_t kGroups = kQuantBlock / 4;  // of 4 inputs, in a block

// A block of 32 elements of one row of x: x[i] = scale * code[i], codes in [-127, 127].
struct PlainXBlock {
  int8_t codes[kQuantBlock];
  float scale;
  int32_t sum;  // of the codes
};

// The same in the form for products.
template <class Products>
struct XBlock {
  typename Products::template XCodes<kQuantBlock> codes;
  float scale;
  int32_t start;  // StartOf(Σ codes)
};

// Writes the codes of 32 elements, all of which must be readable, and returns their scale.
HWY_INLINE float QuantiseBlock(const float* HWY_RESTRICT x, int8_t* HWY_RESTRICT codes) {
  // Added to a number below 2^22, leaves the nearest integer in the low bits; faster than NearestInt(), which
  // also handles larger numbers.
  constexpr float kNoFraction = 0x1.8p23f;
  const DF d;
  const hn::Rebind<int8_t, DF> di8;
  const VI no_fraction = hn::BitCast(DI(), hn::Set(d, kNoFraction));
  VF largest_lanes = hn::Abs(hn::LoadU(d, x));
  for (size_t i = kLanes; i < kQuantBlock; i += kLanes)
    largest_lanes = hn::Max(largest_lanes, hn::Abs(hn::LoadU(d, x + i)));
  const float largest = hn::GetLane(hn::MaxOfLanes(d, largest_lanes));
  const VF inverse = hn::Set(d, largest > 0 ? 127.0f / largest : 0.0f);
  for (size_t i = 0; i < kQuantBlock; i += kLanes) {
    const VF shifted = hn::Add(hn::Mul(hn::LoadU(d, x + i), inverse), hn::Set(d, kNoFraction));
    hn::StoreU(hn::DemoteTo(di8, hn::Sub(hn::BitCast(DI(), shifted), no_fraction)), di8, codes + i);
  }
  return largest * (1 / 127.0f);
}

HWY_INLINE void SetCodes(const float* HWY_RESTRICT x, PlainXBlock& block) {
  block.scale = QuantiseBlock(x, block.codes);
}
template <class Products>
HWY_INLINE void SetCodes(const float* HWY_RESTRICT x, XBlock<Products>& block) {
  int8_t spare[kQuantBlock];
  int8_t* codes = block.codes.Staging(spare);
  block.scale = QuantiseBlock(x, codes);
  block.codes.Take(codes);
}

template <class Code>
HWY_INLINE int32_t SumOfCodes(const Code (&codes)[kQuantBlock]) {
  int32_t sum = 0;
  for (const auto code : codes) sum += code;
  return sum;
}
#if HWY_TARGET != HWY_SCALAR
HWY_INLINE int32_t SumOfCodes(const int8_t (&codes)[kQuantBlock]) {
  const hn::CappedTag<uint8_t, kQuantBlock> d;
  const hn::Repartition<uint64_t, decltype(d)> du64;
  auto sums = hn::Zero(du64);
  for (size_t i = 0; i < kQuantBlock; i += hn::MaxLanes(d)) {
    const auto plus_128 = hn::Xor(hn::LoadU(d, reinterpret_cast<const uint8_t*>(codes) + i), hn::Set(d, 128));
    sums = hn::Add(sums, hn::SumsOf8(plus_128));
  }
  return static_cast<int32_t>(hn::GetLane(hn::SumOfLanes(du64, sums))) - 128 * int32_t{kQuantBlock};
}
#endif
HWY_INLINE void SetSum(PlainXBlock& block) { block.sum = SumOfCodes(block.codes); }
// Start value of the integer sum: minus the surplus from storing weight codes with an offset.
template <class Products>
constexpr int32_t StartOf(int32_t sum_of_codes) {
  return (Products::kSubtracted - kQ8Zero) * sum_of_codes;
}
template <class Products>
HWY_INLINE void SetSum(XBlock<Products>& block) {
  block.start = StartOf<Products>(SumOfCodes(block.codes.all));
}

constexpr size_t BlocksOf(size_t cols) { return hwy::RoundUpTo(cols, kTileUnit) / kQuantBlock; }

// Block: an XBlock or PlainXBlock. Sets the codes of block b of a row; beyond the row's end x is 0.
template <class Block>
HWY_INLINE void SetCodesOf(const float* HWY_RESTRICT x, size_t cols, size_t b, Block& block) {
  const size_t begin = std::min(b * kQuantBlock, cols), end = std::min(begin + kQuantBlock, cols);
  if (end == begin + kQuantBlock) return SetCodes(x + begin, block);
  float rest[kQuantBlock] = {};
  std::copy(x + begin, x + end, rest);
  SetCodes(rest, block);
}

template <class Products>
HWY_INLINE void QuantiseRow(const float* HWY_RESTRICT x, size_t cols, XBlock<Products>* HWY_RESTRICT blocks) {
  const size_t n_blocks = BlocksOf(cols);
  for (size_t b = 0; b < n_blocks; ++b) SetCodesOf(x, cols, b, blocks[b]);
  // In a second loop: reading codes right after their narrow stores would stall on store forwarding.
  for (size_t b = 0; b < n_blocks; ++b) SetSum(blocks[b]);
}

// Distance of the rows of x, in blocks: an odd number, so that the rows' loads do not compete for the same
// bank of the first-level cache.
constexpr size_t XStride(size_t cols) { return BlocksOf(cols) | 1; }

// ---- w: each type gives the unsigned codes of a block's groups g = 0 .. 7, and the scales

constexpr size_t kGroupBytes = 4 * kTileOutputs;

HWY_INLINE VI LoadCodes(const uint8_t* p) { return hn::LoadU(DI(), reinterpret_cast<const int32_t*>(p)); }

struct Q8Unit {
  static constexpr DType kDType = DType::kQ8;
  static HWY_INLINE VI Codes(const uint8_t* unit, size_t block, size_t group, size_t part) {
    return LoadCodes(unit + (block * kGroups + group) * kGroupBytes + part * kLanes * 4);
  }
};

// Of a unit's codes, those of the groups that share bytes with N - 1 other groups.
template <size_t N>
HWY_INLINE hn::Vec<DU32> LoadShared(const uint8_t* codes, size_t block, size_t group, size_t part) {
  const VI shared = LoadCodes(codes + (block * kGroups + group) / N * kGroupBytes + part * kLanes * 4);
  return hn::BitCast(DU32(), shared);
}

struct Q6Unit {
  static constexpr DType kDType = DType::kQ6;
  static HWY_INLINE VI Codes(const uint8_t* unit, size_t block, size_t group, size_t part) {
    constexpr size_t kLowBytes = kTileOutputs * kTileUnit / 2;
    const DU32 d;
    const auto low = LoadShared<2>(unit, block, group, part);
    const auto upper = LoadShared<4>(unit + kLowBytes, block, group, part);
    const auto moved = group % 2 == 0 ? hn::ShiftLeft<2>(low) : hn::ShiftRight<2>(low);
    const auto upper_moved = hn::ShiftLeftSame(upper, static_cast<int>(6 - 2 * (group % 4)));
    return hn::BitCast(
        DI(), hn::Or(hn::And(moved, hn::Set(d, 0x3C3C3C3Cu)), hn::And(upper_moved, hn::Set(d, 0xC0C0C0C0u))));
  }
};

struct Q4Unit {
  static constexpr DType kDType = DType::kQ4;
  static HWY_INLINE VI Codes(const uint8_t* unit, size_t block, size_t group, size_t part) {
    const auto both = LoadShared<2>(unit, block, group, part);
    return LookUp(hn::BitCast(DI(), group % 2 == 0 ? both : hn::ShiftRight<4>(both)));
  }

 private:
  // The levels + 128 for the low nibble of each byte.
  static HWY_INLINE VI LookUp(VI nibbles) {
    const auto index = hn::And(nibbles, hn::Set(DI(), 0x0F0F0F0F));
#if HWY_TARGET == HWY_SCALAR
    const auto in = static_cast<uint32_t>(hn::GetLane(index));
    uint32_t out = 0;
    for (int i = 0; i < 32; i += 8) out |= static_cast<uint32_t>(kQ4Levels[in >> i & 15] + kQ8Zero) << i;
    return hn::Set(DI(), static_cast<int32_t>(out));
#else
    const hn::Repartition<int8_t, DI> di8;
    const auto levels = hn::Xor(hn::LoadDup128(di8, kQ4Levels.data()), hn::Set(di8, int8_t{-128}));  // + 128
    return hn::BitCast(DI(), hn::TableLookupBytes(levels, hn::BitCast(di8, index)));
#endif
  }
};

template <class Unit>
HWY_INLINE VF LoadScales(const uint8_t* unit, size_t block, size_t part) {
  const auto* scales = reinterpret_cast<const hwy::float16_t*>(unit + unit_code_bytes(Unit::kDType));
  return CodecF16::Load(DF(), scales + block * kTileOutputs + part * kLanes);
}

// ---- tiles of outputs times rows

// sum += (w scale * x scale) * the sum of a block's integer products
HWY_INLINE void AddScaled(VI integers, VF w_scale, float x_scale, VF& sum) {
  sum = hn::MulAdd(hn::Mul(w_scale, hn::Set(DF(), x_scale)), hn::ConvertTo(DF(), integers), sum);
}

// sums[t][n] += block `block` of the unit of tile n times each row's block x[t]: for each output and row one
// integer sum, then one FMA: sums += (w scale * x scale) * integer.
template <class Unit, size_t N, size_t T, class Products>
HWY_INLINE void BlockTimesRows(const Tiles& unit, size_t block, const XBlock<Products>* HWY_RESTRICT x,
                               size_t stride, TileSums<N, T>& sums) {
  VI acc[N][T][kParts];
  for (size_t t = 0; t < N; ++t) {
    for (auto& tile : acc[t]) {
      for (auto& part : tile) part = hn::Set(DI(), x[t * stride].start);
    }
  }
  RWKV_UNROLL
  for (size_t g = 0; g < kGroups; ++g) {
    for (size_t n = 0; n < T; ++n) {
      for (size_t part = 0; part < kParts; ++part) {
        const auto w = Products::SplitWeights(Unit::Codes(unit.first + n * unit.stride, block, g, part));
        for (size_t t = 0; t < N; ++t)
          acc[t][n][part] = Products::AddProducts(w, x[t * stride].codes, g, acc[t][n][part]);
      }
    }
  }
  for (size_t n = 0; n < T; ++n) {
    for (size_t part = 0; part < kParts; ++part) {
      const VF w_scale = LoadScales<Unit>(unit.first + n * unit.stride, block, part);
      for (size_t t = 0; t < N; ++t)
        AddScaled(acc[t][n][part], w_scale, x[t * stride].scale, sums[t][n][part]);
    }
  }
}

// The rows and tiles of a block fill the registers with integer and float sums: 6 x 2 of AVX-512's 32;
// elsewhere 4 x 1, or 3 x 1 where a group of w takes two registers.
template <class Products, class Unit>
struct QuantisedKernel {
  static constexpr size_t kRows = kParts == 1 ? 6 : sizeof(typename Products::WGroup) == sizeof(VI) ? 4 : 3;
  static constexpr size_t kTiles = kParts == 1 ? 2 : 1;
  static constexpr size_t kInputs = 1024;  // of a block
  static constexpr size_t kStepInputs = kTileUnit, kStepBytes = unit_bytes(Unit::kDType);

  const XBlock<Products>* x;
  size_t x_stride;

  QuantisedKernel From(size_t row) const { return {x + row * x_stride, x_stride}; }

  template <size_t N, size_t T>
  HWY_NOINLINE void Multiply(const Tiles& tiles, const Block& block, size_t row, const Ahead& ahead) const {
    const XBlock<Products>* blocks = x + row * x_stride + block.input / kQuantBlock;
    TileSums<N, T> sums;
    LoadSums<N, T>(block, sums);
    Tiles unit = tiles;
    for (size_t u = 0; u * kTileUnit < block.n_inputs; ++u, blocks += 2) {
      Fetch<T>(ahead, u);
      BlockTimesRows<Unit, N, T>(unit, 0, blocks, x_stride, sums);
      BlockTimesRows<Unit, N, T>(unit, 1, blocks + 1, x_stride, sums);
      unit.first += kStepBytes;
    }
    StoreSums<N, T>(sums, block);
  }
};

// x for tiles, and for lines with many rows: every row is quantised.
template <class Products>
struct QuantisedX {
  using X = XBlock<Products>;
  static constexpr size_t kGrain = 2 * kTileOutputs, kScratchBytes = 0;

  static size_t XCount(const MatmulJob& job) { return job.x.rows * XStride(job.x.cols); }
  static void PrepareRow(const MatmulJob& job, size_t row, const float* x, X* prepared) {
    QuantiseRow(x, job.x.cols, prepared + row * XStride(job.x.cols));
  }
};

}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // RWKV_KERNELS_QUANTISED_TILES_INL_H_
