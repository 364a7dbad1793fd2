// W x for a single x and q8 or q4 stored by inputs, of which those that relu² and quantisation left at zero
// are not read. Sums are those of tiles, to the bit.
#include "kernels/matmul_parts.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/matmul_quantised_in_out.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
// After highway.h
#include "hwy/cache_control.h"
#include "kernels/quantised_inputs-inl.h"
#include "kernels/quantised_tiles-inl.h"

RWKV_BEFORE_BYTE_PRODUCTS();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// The inputs of a block whose codes are not zero, in fours; the last four are filled up with codes of zero.
template <class Products>
struct ActiveOfBlock {
  float scale;
  int32_t start;
  size_t n_fours = 0;
  uint8_t index[kQuantBlock];
  typename Products::template XCodes<kQuantBlock> groups;

  ActiveOfBlock() = default;
  HWY_INLINE explicit ActiveOfBlock(const PlainXBlock& x) : scale(x.scale), start(-kQ8Zero * x.sum) {
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

// Fetches what AddBlock() reads of a group. Fetching a whole block at once would have to wait for the memory,
// which then would have to wait for the block to be added.
template <class Inputs, class Products>
HWY_INLINE void PrefetchGroup(const InputBlock<Inputs>& block, const ActiveOfBlock<Products>& active,
                              size_t group) {
  constexpr size_t kLine = 64;
  const size_t at = group * Inputs::kGroupBytes;
  if (at % kLine == 0) {
    for (size_t i = 0; i < active.n_fours * 4; ++i)
      hwy::Prefetch(block.codes + active.index[i] * block.input_bytes + at);
  }
  for (size_t o = 0; o < kInOutGroup; o += kLine / sizeof(*block.scales))
    hwy::Prefetch(block.scales + group * kInOutGroup + o);
}

// sums += the active inputs of a block times their x, for 64 outputs; the sum that TilesTimesRows() makes.
template <class Inputs, class Products>
HWY_INLINE void AddBlock(const InputBlock<Inputs>& block, const ActiveOfBlock<Products>& x, size_t group,
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
      const VF scale = hn::Mul(CodecF16::Load(d, block.scales + group * kInOutGroup + o), x_scale);
      hn::Store(hn::MulAdd(scale, hn::ConvertTo(d, acc[n][part]), hn::Load(d, sums + o)), d, sums + o);
    }
  }
}

// Outputs in strips whose sums stay in the first-level cache. While a block is added, the one that is two
// ahead is fetched.
template <class Products, class Inputs>
void AddRowByInputs(const MatmulJob& job, const std::byte* codes, size_t begin, size_t end) {
  using Active = ActiveOfBlock<Products>;
  constexpr size_t kStrip = 1024, kAhead = 2;
  HWY_ALIGN float sums[kStrip];
  const auto* x = reinterpret_cast<const PlainXBlock*>(codes);
  const size_t n_blocks = (job.w->cols + kQuantBlock - 1) / kQuantBlock;
  for (size_t o = begin; o < end; o += kStrip) {
    const size_t count = std::min(kStrip, end - o), n_groups = (count + kInOutGroup - 1) / kInOutGroup;
    std::fill_n(sums, kStrip, 0.0f);
    Active active[kAhead + 1];
    for (size_t b = 0; b < std::min(kAhead, n_blocks); ++b) active[b] = Active(x[b]);
    for (size_t b = 0; b < n_blocks; ++b) {
      const size_t coming_at = std::min(b + kAhead, n_blocks - 1);
      Active& coming = active[(b + kAhead) % (kAhead + 1)];
      coming = Active(x[coming_at]);
      const Active& now = active[b % (kAhead + 1)];
      const InputBlock<Inputs> block(*job.w, b, o), coming_block(*job.w, coming_at, o);
      for (size_t g = 0; g < n_groups; ++g) {
        PrefetchGroup(coming_block, coming, g);
        if (now.scale != 0) AddBlock(block, now, g, sums + g * kInOutGroup);
      }
    }
    store_sums(job, 0, o, sums, count);
  }
}

template <class Inputs>
void RowByInputs(const MatmulJob& job, const std::byte* codes, size_t begin, size_t end) {
  WithByteProducts(
      [&](auto products) { AddRowByInputs<decltype(products), Inputs>(job, codes, begin, end); });
}

void RowByInputsQ8(const MatmulJob& job, const std::byte* codes, size_t begin, size_t end) {
  RowByInputs<Q8Inputs>(job, codes, begin, end);
}
void RowByInputsQ4(const MatmulJob& job, const std::byte* codes, size_t begin, size_t end) {
  RowByInputs<Q4Inputs>(job, codes, begin, end);
}
}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rwkv {
HWY_EXPORT(RowByInputsQ8);
HWY_EXPORT(RowByInputsQ4);

void matmul_quantised_row_in_out(const MatmulJob& job, const std::byte* codes, size_t begin, size_t end) {
  if (job.w->dtype == DType::kQ8) return HWY_DYNAMIC_DISPATCH(RowByInputsQ8)(job, codes, begin, end);
  HWY_DYNAMIC_DISPATCH(RowByInputsQ4)(job, codes, begin, end);
}

}  // namespace rwkv
#endif  // HWY_ONCE
