// W x for q8 and q4 stored by inputs, 32 of them at a time: a single row reads only the inputs that relu² and
// quantisation left other than zero. Sums are those of tiles, to the bit.
#include "kernels/matmul_parts.h"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul_quantised_in_out.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
// After highway.h
#include "kernels/quantised_tiles-inl.h"

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

// ---- one row of x

// The inputs of a block whose codes are not zero, in fours; the last four are filled up with codes of zero.
struct ActiveInputs {
  float scale;
  int32_t start;
  size_t n_fours = 0;
  uint8_t index[kQuantBlock];
  XGroup groups[kGroups];

  HWY_INLINE explicit ActiveInputs(const XCodes& x) : scale(x.scale), start(-kQ8Zero * x.sum) {
    int8_t codes[kQuantBlock];
    size_t n = 0;
    for (size_t i = 0; i < kQuantBlock; ++i) {
      codes[n] = x.codes[i];
      index[n] = static_cast<uint8_t>(i);
      n += x.codes[i] != 0;
    }
    n_fours = (n + 3) / 4;
    for (; n < n_fours * 4; ++n) codes[n] = 0, index[n] = index[0];
    for (size_t g = 0; g < n_fours; ++g) groups[g].Set(codes + 4 * g);
  }
};

template <class Inputs>
HWY_INLINE void PrefetchActive(const InputBlock<Inputs>& block, const ActiveInputs& active, size_t n_groups) {
  constexpr size_t kLine = 64;
  for (size_t i = 0; i < active.n_fours * 4; ++i) {
    const uint8_t* p = block.codes + active.index[i] * block.input_bytes;
    for (size_t byte = 0; byte < n_groups * Inputs::kGroupBytes; byte += kLine) hwy::Prefetch(p + byte);
  }
  for (size_t o = 0; o < n_groups * kInOutGroup; o += kLine / 2) hwy::Prefetch(block.scales + o);
}

// sums += the active inputs of a block times their x, for 64 outputs; the sum that TilesTimesRows() makes.
template <class Inputs>
HWY_INLINE void AddBlock(const InputBlock<Inputs>& block, const ActiveInputs& x, size_t group,
                         float* HWY_RESTRICT sums) {
  const DF d;
  GroupCodes acc;
  for (auto& tile : acc) {
    for (auto& part : tile) part = hn::Set(DI(), x.start);
  }
  const uint8_t* codes = block.codes + group * Inputs::kGroupBytes;
  for (size_t g = 0; g < x.n_fours; ++g) {
    const uint8_t* const inputs[4] = {
        codes + x.index[4 * g] * block.input_bytes, codes + x.index[4 * g + 1] * block.input_bytes,
        codes + x.index[4 * g + 2] * block.input_bytes, codes + x.index[4 * g + 3] * block.input_bytes};
    GroupCodes w;
    LoadFour<Inputs>(inputs, w);
    for (size_t n = 0; n < kGroupTiles; ++n) {
      for (size_t part = 0; part < kParts; ++part)
        acc[n][part] = AddProducts(SplitWeights(w[n][part]), x.groups[g], acc[n][part]);
    }
  }
  const VF x_scale = hn::Set(d, x.scale);
  for (size_t n = 0; n < kGroupTiles; ++n) {
    for (size_t part = 0; part < kParts; ++part) {
      const size_t o = n * kTileOutputs + part * kLanes;
      const VF scale = hn::Mul(CodecF16::Load(d, block.scales + group * kInOutGroup + o), x_scale);
      hn::Store(hn::MulAdd(scale, hn::ConvertTo(d, acc[n][part]), hn::Load(d, sums + o)), d, sums + o);
    }
  }
}

// Outputs in strips whose sums stay in the first-level cache. A block is fetched while the one before is
// added.
template <class Inputs>
void OneRowByInputs(const MatmulJob& job, size_t begin, size_t end, std::byte* scratch) {
  constexpr size_t kStrip = 1024;
  HWY_ALIGN float sums[kStrip];
  auto* x = reinterpret_cast<XCodes*>(scratch);
  QuantiseRow(job.x.data, job.w->cols, x);
  const size_t n_blocks = (job.w->cols + kQuantBlock - 1) / kQuantBlock;
  for (size_t o = begin; o < end; o += kStrip) {
    const size_t count = std::min(kStrip, end - o), n_groups = (count + kInOutGroup - 1) / kInOutGroup;
    std::fill_n(sums, kStrip, 0.0f);
    ActiveInputs coming(x[0]);
    for (size_t b = 0; b < n_blocks; ++b) {
      const ActiveInputs now = coming;
      if (b + 1 < n_blocks) {
        coming = ActiveInputs(x[b + 1]);
        PrefetchActive(InputBlock<Inputs>(*job.w, b + 1, o), coming, n_groups);
      }
      if (now.scale == 0) continue;
      const InputBlock<Inputs> block(*job.w, b, o);
      for (size_t g = 0; g < n_groups; ++g) AddBlock(block, now, g, sums + g * kInOutGroup);
    }
    store_sums(job, 0, o, sums, count);
  }
}

// ---- many rows: 64 outputs at a time become tiles of q8, which all rows are multiplied with

template <class Inputs>
HWY_INLINE void BlockToTiles(const InputBlock<Inputs>& block, uint8_t* HWY_RESTRICT unit, size_t half,
                             size_t tile_bytes) {
  for (size_t g = 0; g < kGroups; ++g) {
    const uint8_t* first = block.codes + 4 * g * block.input_bytes;
    const uint8_t* const inputs[4] = {first, first + block.input_bytes, first + 2 * block.input_bytes,
                                      first + 3 * block.input_bytes};
    GroupCodes w;
    LoadFour<Inputs>(inputs, w);
    for (size_t n = 0; n < kGroupTiles; ++n) {
      uint8_t* to = unit + n * tile_bytes + (half * kGroups + g) * kGroupBytes;
      for (size_t part = 0; part < kParts; ++part)
        hn::StoreU(w[n][part], DI(), reinterpret_cast<int32_t*>(to) + part * kLanes);
    }
  }
  for (size_t n = 0; n < kGroupTiles; ++n) {
    std::memcpy(unit + n * tile_bytes + Q8Unit::kScales + half * kTileOutputs * sizeof(hwy::float16_t),
                block.scales + n * kTileOutputs, kTileOutputs * sizeof(hwy::float16_t));
  }
}

constexpr size_t GroupTilesBytes(size_t cols) { return BlocksOf(cols) / 2 * Q8Unit::kBytes * kGroupTiles; }

template <class Inputs>
void RowsByInputs(const MatmulJob& job, size_t begin, size_t end, std::byte* scratch) {
  auto* tiles = reinterpret_cast<uint8_t*>(scratch);
  const size_t cols = job.w->cols, n_blocks = (cols + kQuantBlock - 1) / kQuantBlock;
  const size_t tiles_bytes = GroupTilesBytes(cols), tile_bytes = tiles_bytes / kGroupTiles;
  std::memset(tiles, 0, tiles_bytes);  // the last unit may lack a block
  for (size_t first = 0; first < job.x.rows; first += kQuantChunk) {
    const QuantisedRows x = QuantiseChunk(job, first, scratch + tiles_bytes);
    for (size_t o = begin; o < end; o += kInOutGroup) {
      for (size_t b = 0; b < n_blocks; ++b)
        BlockToTiles(InputBlock<Inputs>(*job.w, b, o), tiles + b / 2 * Q8Unit::kBytes, b % 2, tile_bytes);
      TilesTimesChunk<Q8Unit>(x, tiles, o, std::min(end, o + kInOutGroup));
    }
  }
}

template <class Inputs>
void ByInputs(const MatmulJob& job, size_t begin, size_t end, std::byte* scratch) {
  job.x.rows == 1 ? OneRowByInputs<Inputs>(job, begin, end, scratch)
                  : RowsByInputs<Inputs>(job, begin, end, scratch);
}

void ByInputsQ8(const MatmulJob& job, size_t begin, size_t end, std::byte* scratch) {
  ByInputs<Q8Inputs>(job, begin, end, scratch);
}
void ByInputsQ4(const MatmulJob& job, size_t begin, size_t end, std::byte* scratch) {
  ByInputs<Q4Inputs>(job, begin, end, scratch);
}
size_t InOutScratchBytes(const MatmulJob& job) {
  if (job.x.rows == 1) return BlocksOf(job.w->cols) * sizeof(XCodes);
  return GroupTilesBytes(job.w->cols) + ChunkBytes(job);
}

}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rwkv {
HWY_EXPORT(ByInputsQ8);
HWY_EXPORT(ByInputsQ4);
HWY_EXPORT(InOutScratchBytes);

size_t quantised_in_out_scratch_bytes(const MatmulJob& job) {
  return HWY_DYNAMIC_DISPATCH(InOutScratchBytes)(job);
}

void matmul_quantised_in_out(const MatmulJob& job, size_t begin, size_t end, std::byte* scratch) {
  if (job.w->dtype == DType::kQ8) return HWY_DYNAMIC_DISPATCH(ByInputsQ8)(job, begin, end, scratch);
  HWY_DYNAMIC_DISPATCH(ByInputsQ4)(job, begin, end, scratch);
}

}  // namespace rwkv
#endif  // HWY_ONCE
