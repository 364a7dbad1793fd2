// q8 and q4 weights in tiles of 16 outputs (tensor/packed_layout.h) times rows of x, which are quantised too,
// to 8 bits with a scale for each block of 32: a block's products are added as integers. Included once for
// each SIMD target.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kernels/matmul_parts.h"

#if defined(RWKV_KERNELS_QUANTISED_TILES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RWKV_KERNELS_QUANTISED_TILES_INL_H_
#undef RWKV_KERNELS_QUANTISED_TILES_INL_H_
#else
#define RWKV_KERNELS_QUANTISED_TILES_INL_H_
#endif

#include "hwy/cache_control.h"
#include "kernels/byte_products-inl.h"
#include "kernels/codecs-inl.h"
#include "kernels/vec16-inl.h"

RWKV_BEFORE_BYTE_PRODUCTS();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// ---- x

constexpr size_t kGroups = kQuantBlock / 4;  // of 4 inputs, in a block

// A block of 32 elements of one row of x: x[i] = scale * code[i], codes in [-127, 127].
struct XBlock8 {
  XGroup groups[kGroups];
  float scale;
  int32_t start;  // −128 Σ codes: what adding unsigned codes of w, 128 too large, adds too much
};

// A block's codes one by one, and their sum.
struct XCodes {
  int8_t codes[kQuantBlock];
  float scale;
  int32_t sum;
};

// All 32 elements at x are read.
HWY_INLINE void QuantiseBlock(const float* HWY_RESTRICT x, XCodes& block) {
  const DF d;
  VF largest_lanes = hn::Zero(d);
  for (size_t i = 0; i < kQuantBlock; i += kLanes)
    largest_lanes = hn::Max(largest_lanes, hn::Abs(hn::LoadU(d, x + i)));
  const float largest = hn::GetLane(hn::MaxOfLanes(d, largest_lanes));
  const VF inverse = hn::Set(d, largest > 0 ? 127.0f / largest : 0.0f);
  HWY_ALIGN int32_t wide[kQuantBlock];
  for (size_t i = 0; i < kQuantBlock; i += kLanes)
    hn::Store(hn::NearestInt(hn::Mul(hn::LoadU(d, x + i), inverse)), DI(), wide + i);
  block.scale = largest / 127.0f;
  block.sum = 0;
  for (size_t i = 0; i < kQuantBlock; ++i) {
    block.codes[i] = static_cast<int8_t>(wide[i]);
    block.sum += wide[i];
  }
}

HWY_INLINE void QuantiseBlock(const float* HWY_RESTRICT x, XBlock8& block) {
  XCodes codes;
  QuantiseBlock(x, codes);
  block.scale = codes.scale;
  block.start = -kQ8Zero * codes.sum;
  for (size_t g = 0; g < kGroups; ++g) block.groups[g].Set(codes.codes + 4 * g);
}

constexpr size_t BlocksOf(size_t cols) { return hwy::RoundUpTo(cols, kTileUnit) / kQuantBlock; }

// Block: XBlock8 or XCodes.
template <class Block>
HWY_INLINE void QuantiseRow(const float* HWY_RESTRICT x, size_t cols, Block* HWY_RESTRICT blocks) {
  const size_t whole = cols / kQuantBlock;
  for (size_t b = 0; b < whole; ++b) QuantiseBlock(x + b * kQuantBlock, blocks[b]);
  if (whole == BlocksOf(cols)) return;
  float rest[2 * kQuantBlock] = {};  // up to the end of a unit
  std::copy(x + whole * kQuantBlock, x + cols, rest);
  for (size_t b = whole; b < BlocksOf(cols); ++b) QuantiseBlock(rest + (b - whole) * kQuantBlock, blocks[b]);
}

// ---- w: each gives a block's groups g = 0 .. 7 as unsigned codes and its scales

constexpr size_t kGroupBytes = 4 * kTileOutputs;

HWY_INLINE VI LoadCodes(const uint8_t* p) { return hn::LoadU(DI(), reinterpret_cast<const int32_t*>(p)); }

struct Q8Unit {
  static constexpr size_t kBytes = kQ8UnitBytes;
  static constexpr size_t kScales = kTileOutputs * kTileUnit;
  static HWY_INLINE VI Codes(const uint8_t* unit, size_t block, size_t group, size_t part) {
    return LoadCodes(unit + (block * kGroups + group) * kGroupBytes + part * kLanes * 4);
  }
};

struct Q4Unit {
  static constexpr size_t kBytes = kQ4UnitBytes;
  static constexpr size_t kScales = kTileOutputs * kTileUnit / 2;
  static HWY_INLINE VI Codes(const uint8_t* unit, size_t block, size_t group, size_t part) {
    const auto both = LoadCodes(unit + (block * kGroups + group) / 2 * kGroupBytes + part * kLanes * 4);
    return LookUp(group % 2 == 0
                      ? both
                      : hn::BitCast(DI(), hn::ShiftRight<4>(hn::BitCast(hn::RebindToUnsigned<DI>(), both))));
  }

 private:
  // Levels + 128 of the low nibble of each byte.
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
  const auto* scales = reinterpret_cast<const hwy::float16_t*>(unit + Unit::kScales);
  return CodecF16::Load(DF(), scales + block * kTileOutputs + part * kLanes);
}

// ---- tiles of outputs times rows

// sums[t][n] += block `block` of the unit of tile n times each row's block x[t]; per output and row one
// integer sum, then one FMA: sums += (w scale * x scale) * integer.
template <class Unit, size_t N, size_t T>
HWY_INLINE void BlockTimesRows(const uint8_t* HWY_RESTRICT unit, size_t tile_bytes, size_t block,
                               const XBlock8* HWY_RESTRICT x, size_t stride, VF (&sums)[N][T][kParts]) {
  VI acc[N][T][kParts];
  for (size_t t = 0; t < N; ++t) {
    for (auto& tile : acc[t]) {
      for (auto& part : tile) part = hn::Set(DI(), x[t * stride].start);
    }
  }
#if HWY_COMPILER_GCC && !HWY_COMPILER_CLANG
#pragma GCC unroll 8  // g++ by itself keeps sums in memory; clang does not, and takes minutes with sanitizers
#endif
  for (size_t g = 0; g < kGroups; ++g) {
    for (size_t n = 0; n < T; ++n) {
      for (size_t part = 0; part < kParts; ++part) {
        const WGroup w = SplitWeights(Unit::Codes(unit + n * tile_bytes, block, g, part));
        for (size_t t = 0; t < N; ++t)
          acc[t][n][part] = AddProducts(w, x[t * stride].groups[g], acc[t][n][part]);
      }
    }
  }
  for (size_t n = 0; n < T; ++n) {
    for (size_t part = 0; part < kParts; ++part) {
      const VF w_scale = LoadScales<Unit>(unit + n * tile_bytes, block, part);
      for (size_t t = 0; t < N; ++t) {
        const VF scale = hn::Mul(w_scale, hn::Set(DF(), x[t * stride].scale));
        sums[t][n][part] = hn::MulAdd(scale, hn::ConvertTo(DF(), acc[t][n][part]), sums[t][n][part]);
      }
    }
  }
}

// Some rows of x in quantised form, and where their sums go.
struct QuantisedRows {
  const MatmulJob& job;
  const XBlock8* blocks;
  size_t n_blocks;  // of a row
  size_t first, count;
};

// Fetches weights a little ahead; for the first of many rows, which all come back to the same tiles, so far
// that it is the next tiles.
template <class Unit, size_t N, size_t T>
HWY_INLINE void PrefetchUnit(const uint8_t* tile, size_t tile_bytes, size_t row) {
  constexpr size_t kLine = 64;
  if (N > 1 && row > 0) return;
  for (size_t n = 0; n < T; ++n) {
    const uint8_t* p = tile + n * tile_bytes + (N == 1 ? 4096 : T * tile_bytes);
    for (size_t i = 0; i < Unit::kBytes; i += kLine) hwy::Prefetch(p + i);
  }
}

// T tiles, outputs [output, output + 16 T), times N rows from `row` of the chunk on.
template <class Unit, size_t N, size_t T>
HWY_INLINE void TilesTimesRows(const QuantisedRows& x, size_t row, const uint8_t* HWY_RESTRICT tile,
                               size_t output, size_t end) {
  const size_t n_units = x.n_blocks / 2, tile_bytes = n_units * Unit::kBytes;
  const XBlock8* blocks = x.blocks + row * x.n_blocks;
  VF sums[N][T][kParts];
  for (auto& tiles : sums) {
    for (auto& parts : tiles) {
      for (auto& part : parts) part = hn::Zero(DF());
    }
  }
  for (size_t u = 0; u < n_units; ++u, tile += Unit::kBytes, blocks += 2) {
    PrefetchUnit<Unit, N, T>(tile, tile_bytes, row);
    BlockTimesRows<Unit, N, T>(tile, tile_bytes, 0, blocks, x.n_blocks, sums);
    BlockTimesRows<Unit, N, T>(tile, tile_bytes, 1, blocks + 1, x.n_blocks, sums);
  }
  for (size_t t = 0; t < N; ++t) {
    HWY_ALIGN float out[T * kTileOutputs];
    for (size_t n = 0; n < T; ++n) {
      for (size_t part = 0; part < kParts; ++part)
        hn::Store(sums[t][n][part], DF(), out + n * kTileOutputs + part * kLanes);
    }
    store_sums(x.job, x.first + row + t, output, out, std::min(T * kTileOutputs, end - output));
  }
}

// A block of rows and tiles takes the registers there are for sums of integers and of floats: 6 x 2 of
// AVX-512's 32, 3 x 1 of the others'.
constexpr size_t kTilesAtOnce = kParts == 1 ? 2 : 1;
constexpr size_t kRowsAtOnce = kParts == 1 ? 6 : 3;

// A tile that is left alone is multiplied row by row: too rare to compile another kernel for.
template <class Unit, size_t N>
HWY_INLINE void TilesOfRows(const QuantisedRows& x, size_t row, const uint8_t* tile, size_t output,
                            size_t end) {
  if constexpr (N > 1) {
    if (kTilesAtOnce == 1 || end - output > kTileOutputs)
      return TilesTimesRows<Unit, N, kTilesAtOnce>(x, row, tile, output, end);
  }
  for (; output < end; output += kTileOutputs, tile += x.n_blocks / 2 * Unit::kBytes) {
    for (size_t t = 0; t < N; ++t)
      TilesTimesRows<Unit, 1, 1>(x, row + t, tile, output, std::min(end, output + kTileOutputs));
  }
}

// The tiles at `tiles`, of outputs [begin, end), times all rows of the chunk.
template <class Unit>
HWY_INLINE void TilesTimesChunk(const QuantisedRows& x, const uint8_t* tiles, size_t begin, size_t end) {
  for (size_t o = begin; o < end; o += kTilesAtOnce * kTileOutputs) {
    const uint8_t* tile = tiles + (o - begin) / kTileOutputs * (x.n_blocks / 2) * Unit::kBytes;
    const size_t stop = std::min(end, o + kTilesAtOnce * kTileOutputs);
    size_t row = 0;
    for (; row + kRowsAtOnce <= x.count; row += kRowsAtOnce)
      TilesOfRows<Unit, kRowsAtOnce>(x, row, tile, o, stop);
    if constexpr (kRowsAtOnce > 4) {
      for (; row + 4 <= x.count; row += 4) TilesOfRows<Unit, 4>(x, row, tile, o, stop);
    }
    for (; row + 2 <= x.count; row += 2) TilesOfRows<Unit, 2>(x, row, tile, o, stop);
    for (; row < x.count; ++row) TilesOfRows<Unit, 1>(x, row, tile, o, stop);
  }
}

constexpr size_t kQuantChunk = 96;  // rows whose quantised form is kept at a time

HWY_INLINE size_t ChunkBytes(const MatmulJob& job) {
  return std::min(job.x.rows, kQuantChunk) * BlocksOf(job.w->cols) * sizeof(XBlock8);
}

// Quantises rows [first, first + kQuantChunk) of x, or as many as are left, into `scratch`, ChunkBytes() of
// it.
HWY_INLINE QuantisedRows QuantiseChunk(const MatmulJob& job, size_t first, std::byte* scratch) {
  auto* blocks = reinterpret_cast<XBlock8*>(scratch);
  const QuantisedRows x{job, blocks, BlocksOf(job.w->cols), first, std::min(kQuantChunk, job.x.rows - first)};
  for (size_t t = 0; t < x.count; ++t)
    QuantiseRow(job.x.row_data(first + t), job.w->cols, blocks + t * x.n_blocks);
  return x;
}

}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // RWKV_KERNELS_QUANTISED_TILES_INL_H_
