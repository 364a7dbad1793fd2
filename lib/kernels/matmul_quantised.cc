// W x for q8 and q4 in tiles of 16 outputs (tensor/packed_layout.h): x is quantised too, to 8 bits with a
// scale for each block of 32, and a block's products are added as integers.
#include "kernels/matmul_parts.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul_quantised.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
// After highway.h
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

HWY_INLINE void QuantiseBlock(const float* HWY_RESTRICT x, size_t n, XBlock8& block) {
  float largest = 0;
  for (size_t i = 0; i < n; ++i) largest = std::max(largest, std::abs(x[i]));
  block.scale = largest / 127.0f;
  const float inverse = largest > 0 ? 127.0f / largest : 0.0f;
  int8_t codes[kQuantBlock] = {};
  int32_t sum = 0;
  for (size_t i = 0; i < n; ++i) {
    codes[i] = static_cast<int8_t>(std::nearbyintf(x[i] * inverse));
    sum += codes[i];
  }
  block.start = -kQ8Zero * sum;
  for (size_t g = 0; g < kGroups; ++g) block.groups[g].Set(codes + 4 * g);
}

constexpr size_t BlocksOf(size_t cols) { return hwy::RoundUpTo(cols, kTileUnit) / kQuantBlock; }

HWY_INLINE void QuantiseRow(const float* HWY_RESTRICT x, size_t cols, XBlock8* HWY_RESTRICT blocks) {
  for (size_t b = 0; b < BlocksOf(cols); ++b) {
    const size_t first = b * kQuantBlock;
    QuantiseBlock(x + first, first < cols ? std::min(kQuantBlock, cols - first) : 0, blocks[b]);
  }
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
    const auto levels = hn::TableLookupBytes(hn::LoadDup128(di8, kQ4Levels.data()), hn::BitCast(di8, index));
    return hn::BitCast(DI(), hn::Xor(levels, hn::Set(di8, int8_t{-128})));  // + 128
#endif
  }
};

template <class Unit>
HWY_INLINE VF LoadScales(const uint8_t* unit, size_t block, size_t part) {
  const auto* scales = reinterpret_cast<const hwy::float16_t*>(unit + Unit::kScales);
  return CodecF16::Load(DF(), scales + block * kTileOutputs + part * kLanes);
}

// ---- one tile of outputs times N rows

// sums[t] += block `block` of the unit times each row's block x[t][...]; per output and row one integer sum,
// then one FMA: sums += (w scale * x scale) * integer.
template <class Unit, size_t N>
HWY_INLINE void BlockTimesRows(const uint8_t* HWY_RESTRICT unit, size_t block, const XBlock8* HWY_RESTRICT x,
                               size_t stride, VF (&sums)[N][kParts]) {
  VI acc[N][kParts];
  for (size_t t = 0; t < N; ++t) {
    for (size_t part = 0; part < kParts; ++part) acc[t][part] = hn::Set(DI(), x[t * stride].start);
  }
  for (size_t g = 0; g < kGroups; ++g) {
    for (size_t part = 0; part < kParts; ++part) {
      const WGroup w = SplitWeights(Unit::Codes(unit, block, g, part));
      for (size_t t = 0; t < N; ++t) acc[t][part] = AddProducts(w, x[t * stride].groups[g], acc[t][part]);
    }
  }
  for (size_t part = 0; part < kParts; ++part) {
    const VF w_scale = LoadScales<Unit>(unit, block, part);
    for (size_t t = 0; t < N; ++t) {
      const VF scale = hn::Mul(w_scale, hn::Set(DF(), x[t * stride].scale));
      sums[t][part] = hn::MulAdd(scale, hn::ConvertTo(DF(), acc[t][part]), sums[t][part]);
    }
  }
}

template <class Unit, size_t N>
HWY_INLINE void TileTimesRows(const uint8_t* HWY_RESTRICT tile, size_t n_units, const XBlock8* HWY_RESTRICT x,
                              size_t stride, float (*HWY_RESTRICT out)[kTileOutputs]) {
  constexpr size_t kAhead = 2048, kCacheLineBytes = 64;
  VF sums[N][kParts];
  for (auto& row : sums) {
    for (auto& part : row) part = hn::Zero(DF());
  }
  for (size_t u = 0; u < n_units; ++u, tile += Unit::kBytes, x += 2) {
    if (N == 1) {
      for (size_t i = 0; i < Unit::kBytes; i += kCacheLineBytes) hwy::Prefetch(tile + kAhead + i);
    }
    BlockTimesRows<Unit, N>(tile, 0, x, stride, sums);
    BlockTimesRows<Unit, N>(tile, 1, x + 1, stride, sums);
  }
  for (size_t t = 0; t < N; ++t) {
    for (size_t part = 0; part < kParts; ++part) hn::Store(sums[t][part], DF(), out[t] + part * kLanes);
  }
}

// Rows at a time: what the registers hold.
constexpr size_t kQuantRows = kParts == 1 ? 8 : 3;

// Multiplies as many rows as the registers hold, at most n_rows; returns how many.
template <class Unit, size_t N = kQuantRows>
HWY_INLINE size_t TileTimesRowsOf(size_t n_rows, const uint8_t* tile, size_t n_units, const XBlock8* x,
                                  size_t stride, float (*out)[kTileOutputs]) {
  if constexpr (N > 1) {
    if (n_rows < N) return TileTimesRowsOf<Unit, N / 2>(n_rows, tile, n_units, x, stride, out);
  }
  TileTimesRows<Unit, N>(tile, n_units, x, stride, out);
  return N;
}

constexpr size_t kQuantChunk = 64;  // rows whose quantised form is kept at a time

size_t ScratchBytes(const MatmulJob& job) {
  return std::min(job.x.rows, kQuantChunk) * BlocksOf(job.w->cols) * sizeof(XBlock8);
}

template <class Unit>
void TimesChunk(const MatmulJob& job, size_t begin, size_t end, size_t first_row, size_t rows,
                const XBlock8* x) {
  const size_t n_blocks = BlocksOf(job.w->cols), n_units = n_blocks / 2;
  const auto* w = reinterpret_cast<const uint8_t*>(job.w->bytes.data());
  for (size_t o = begin; o < end; o += kTileOutputs) {
    const uint8_t* tile = w + o / kTileOutputs * n_units * Unit::kBytes;
    for (size_t t = 0; t < rows;) {
      HWY_ALIGN float sums[kQuantRows][kTileOutputs];
      const size_t done = TileTimesRowsOf<Unit>(rows - t, tile, n_units, x + t * n_blocks, n_blocks, sums);
      for (size_t i = 0; i < done; ++i, ++t)
        store_sums(job, first_row + t, o, sums[i], std::min(kTileOutputs, end - o));
    }
  }
}

template <class Unit>
void Quantised(const MatmulJob& job, size_t begin, size_t end, std::byte* scratch) {
  const size_t n_blocks = BlocksOf(job.w->cols);
  auto* x = reinterpret_cast<XBlock8*>(scratch);
  for (size_t first = 0; first < job.x.rows; first += kQuantChunk) {
    const size_t rows = std::min(kQuantChunk, job.x.rows - first);
    for (size_t t = 0; t < rows; ++t) QuantiseRow(job.x.row_data(first + t), job.w->cols, x + t * n_blocks);
    TimesChunk<Unit>(job, begin, end, first, rows, x);
  }
}

void QuantisedQ8(const MatmulJob& job, size_t begin, size_t end, std::byte* scratch) {
  Quantised<Q8Unit>(job, begin, end, scratch);
}
void QuantisedQ4(const MatmulJob& job, size_t begin, size_t end, std::byte* scratch) {
  Quantised<Q4Unit>(job, begin, end, scratch);
}

}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rwkv {
HWY_EXPORT(QuantisedQ8);
HWY_EXPORT(QuantisedQ4);
HWY_EXPORT(ScratchBytes);

size_t quantised_scratch_bytes(const MatmulJob& job) { return HWY_DYNAMIC_DISPATCH(ScratchBytes)(job); }

void matmul_quantised_tiles(const MatmulJob& job, size_t begin, size_t end, std::byte* scratch) {
  if (job.w->dtype == DType::kQ8) return HWY_DYNAMIC_DISPATCH(QuantisedQ8)(job, begin, end, scratch);
  HWY_DYNAMIC_DISPATCH(QuantisedQ4)(job, begin, end, scratch);
}

}  // namespace rwkv
#endif  // HWY_ONCE
