// bf16 weights in tiles and lines times x rounded to bf16, two inputs at once:
//   sum = fma(w[2i], x[2i], fma(w[2i + 1], x[2i + 1], sum)) in f32, with denormal numbers read and
//   written as zero.
// vdpbf16ps computes the same (equal in all of 32 million random cases on a Zen 4), so CPUs without the
// instruction get the same bits. Included once for each SIMD target.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "kernels/matmul/plan.h"

#if defined(RWKV_KERNELS_MATMUL_BF16_PAIRS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RWKV_KERNELS_MATMUL_BF16_PAIRS_INL_H_
#undef RWKV_KERNELS_MATMUL_BF16_PAIRS_INL_H_
#else
#define RWKV_KERNELS_MATMUL_BF16_PAIRS_INL_H_
#endif

#include "kernels/matmul/bf16_products-inl.h"
#include "kernels/matmul/wide_rows-inl.h"
#include "kernels/matmul/wide_tiles-inl.h"

RWKV_BEFORE_BYTE_PRODUCTS();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// As long as it exists, this thread's arithmetic treats denormal numbers as zero.
class FlushDenormals {
 public:
#if HWY_ARCH_X86
  static constexpr unsigned kFlush = 0x8000, kTreatAsZero = 0x0040;
  FlushDenormals() : before_(_mm_getcsr()) { _mm_setcsr(before_ | kFlush | kTreatAsZero); }
  ~FlushDenormals() { _mm_setcsr(before_); }

 private:
  unsigned before_;
#elif HWY_ARCH_ARM_A64
  static constexpr uint64_t kFlush = uint64_t{1} << 24;
  FlushDenormals() {
    __asm__ volatile("mrs %0, fpcr" : "=r"(before_));
    __asm__ volatile("msr fpcr, %0" ::"r"(before_ | kFlush));
  }
  ~FlushDenormals() { __asm__ volatile("msr fpcr, %0" ::"r"(before_)); }

 private:
  uint64_t before_;
#else
  FlushDenormals() {}
  ~FlushDenormals() {}
#endif
 public:
  FlushDenormals(const FlushDenormals&) = delete;
  FlushDenormals& operator=(const FlushDenormals&) = delete;
};

// The upper half of x, rounded to nearest, ties to even.
HWY_INLINE uint32_t RoundToBf16(float x) {
  const auto bits = std::bit_cast<uint32_t>(x);
  const uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  const bool is_nan = (bits & 0x7fffffff) > 0x7f800000;
  return is_nan ? bits >> 16 | 0x40 : rounded;
}

// ---- x

// Distance of the rows of x, in pairs: an odd number of cache lines.
template <class Products>
constexpr size_t PairStride(size_t cols) {
  constexpr size_t kPairsOfLine = 64 / sizeof(typename Products::XPair);
  return (hwy::DivCeil(hwy::DivCeil(cols, 2), kPairsOfLine) | 1) * kPairsOfLine;
}

// An odd last input is paired with zero, as in the weights.
template <class Products>
HWY_INLINE void RoundRow(const float* HWY_RESTRICT x, size_t cols,
                         typename Products::XPair* HWY_RESTRICT pairs) {
  for (size_t i = 0; i < cols / 2; ++i)
    pairs[i] = Products::Pair(RoundToBf16(x[2 * i]), RoundToBf16(x[2 * i + 1]));
  if (cols % 2 != 0) pairs[cols / 2] = Products::Pair(RoundToBf16(x[cols - 1]), 0);
}

// ---- tiles times rows

template <class Products>
struct PairKernel {
  using Wide = WideKernel<CodecBf16>;
  using XPair = typename Products::XPair;
  static constexpr size_t kRows = Wide::kRows, kTiles = Wide::kTiles;
  static constexpr size_t kInputs = 256;  // of a block
  static constexpr size_t kStepInputs = Wide::kStepInputs, kStepBytes = Wide::kStepBytes;

  const XPair* x;
  size_t x_stride;

  PairKernel From(size_t row) const { return {x + row * x_stride, x_stride}; }

  template <size_t N, size_t T>
  HWY_NOINLINE void Multiply(const Tiles& tiles, const Block& block, size_t row, const Ahead& ahead) const {
    const XPair* HWY_RESTRICT px = x + row * x_stride + block.input / 2;
    TileSums<N, T> sums;
    LoadSums<N, T>(block, sums);
    Tiles w = tiles;
    for (size_t step = 0; step * kStepInputs < block.n_inputs; ++step) {
      Fetch<T>(ahead, step);
      Step<N, T>(w, px + step, sums);
      w.first += kStepBytes;
    }
    // A flushed sum may be -0, but a sum whose zero inputs were skipped is +0.
    for (auto& row_sums : sums) {
      for (auto& tile : row_sums) {
        for (VF& part : tile) part = hn::Add(part, hn::Zero(DF()));
      }
    }
    StoreSums<N, T>(sums, block);
  }

 private:
  template <size_t N, size_t T>
  HWY_INLINE void Step(const Tiles& w, const XPair* HWY_RESTRICT px, TileSums<N, T>& sums) const {
    for (size_t half = 0; half < Products::kHalves; ++half) {
      decltype(Products::Weights(hn::Zero(DU32()), 0)) weights[T][kParts];
      for (size_t n = 0; n < T; ++n) {
        const auto* tile = reinterpret_cast<const uint32_t*>(w.first + n * w.stride);
        for (size_t part = 0; part < kParts; ++part)
          weights[n][part] = Products::Weights(hn::LoadU(DU32(), tile + part * kLanes), half);
      }
      RWKV_UNROLL
      for (size_t t = 0; t < N; ++t) {
        const auto vx = Products::X(px[t * x_stride], half);
        for (size_t n = 0; n < T; ++n) {
          for (size_t part = 0; part < kParts; ++part)
            sums[t][n][part] = Products::Add(weights[n][part], vx, sums[t][n][part]);
        }
      }
    }
  }
};

// ---- kernels (plan.h)

template <class Products>
struct PairsOfX {
  using X = typename Products::XPair;
  static constexpr size_t kGrain = 2 * kTileOutputs, kScratchBytes = kPanelSums * sizeof(float);

  static size_t XCount(const MatmulJob& job) { return job.x.rows * PairStride<Products>(job.x.cols); }
  static void PrepareRow(const MatmulJob& job, size_t row, const float* x, X* prepared) {
    RoundRow<Products>(x, job.x.cols, prepared + row * PairStride<Products>(job.x.cols));
  }
  static PairKernel<Products> Kernel(const MatmulJob& job, const X* x) {
    return {x, PairStride<Products>(job.x.cols)};
  }
};

template <class Products>
struct PairsOfRowOfTiles : PairsOfX<Products> {
  static constexpr size_t kScratchBytes = 0;
  static void Multiply(const MatmulJob& job, const typename Products::XPair* x, size_t begin, size_t end,
                       std::byte* /*scratch*/) {
    const FlushDenormals mode;
    MultiplyRow<2>(PairsOfX<Products>::Kernel(job, x), job, begin, end);
  }
};

template <class Products>
struct PairsOfRowsOfTiles : PairsOfX<Products> {
  static void Multiply(const MatmulJob& job, const typename Products::XPair* x, size_t begin, size_t end,
                       std::byte* scratch) {
    const FlushDenormals mode;
    StoredTiles<PairKernel<Products>> source(*job.w);
    MultiplyByPanels(PairsOfX<Products>::Kernel(job, x), source, job, begin, end,
                     reinterpret_cast<float*>(scratch));
  }
};

template <class Products>
struct PairsOfRowsOfLines : PairsOfX<Products> {
  using Source = TilesOfInputs<CodecBf16, WithinLines<CodecBf16>>;
  static constexpr size_t kGrain = line_outputs(CodecBf16::kDType);
  static constexpr size_t kSumsBytes = PairsOfX<Products>::kScratchBytes;
  static constexpr size_t kScratchBytes = kSumsBytes + Source::kScratchBytes;
  static void Multiply(const MatmulJob& job, const typename Products::XPair* x, size_t begin, size_t end,
                       std::byte* scratch) {
    const FlushDenormals mode;
    Source source(*job.w, scratch + kSumsBytes);
    MultiplyByPanels(PairsOfX<Products>::Kernel(job, x), source, job, begin, end,
                     reinterpret_cast<float*>(scratch));
  }
};

// Reads only the lines of inputs that are not zero. Memory, not arithmetic, is the limit: FMAs suffice.
struct PairsOfRowOfLines : RowOfLines<CodecBf16> {
  static size_t XCount(const MatmulJob& job) { return RowOfLines::XCount(job) + 1; }
  // The odd input of a pair comes before the even one.
  static void PrepareRow(const MatmulJob& job, size_t /*row*/, const float* x, ActiveInput* prepared) {
    ActiveInputs active(prepared, job.x.cols);
    for (size_t i = 0; i < job.x.cols; i += 2) {
      active.Add(i + 1, i + 1 < job.x.cols ? Rounded(x[i + 1]) : 0.0F);
      active.Add(i, Rounded(x[i]));
    }
    active.End();
  }
  static void Multiply(const MatmulJob& job, const ActiveInput* x, size_t begin, size_t end,
                       std::byte* scratch) {
    const FlushDenormals mode;
    MultiplyApart(job, x, begin, end, scratch);
  }

 private:
  static float Rounded(float x) { return std::bit_cast<float>(RoundToBf16(x) << 16); }
  static HWY_NOINLINE void MultiplyApart(const MatmulJob& job, const ActiveInput* x, size_t begin, size_t end,
                                         std::byte* scratch) {
    RowOfLines::Multiply(job, x, begin, end, scratch);
  }
};

template <class Products>
constexpr PlanRow kPairPlans[] = {
    {Layout::kTiles, 1, plan_of<PairsOfRowOfTiles<Products>>()},
    {Layout::kTiles, 2, plan_of<PairsOfRowsOfTiles<Products>>()},
    {Layout::kLines, 1, plan_of<PairsOfRowOfLines>()},
    {Layout::kLines, 2, plan_of<EachRowOfLines<PairsOfRowOfLines>>()},
    {Layout::kLines, kFewRows + 1, plan_of<PairsOfRowsOfLines<Products>>()},
};

HWY_INLINE PlanTable PairPlans() {
  return WithBf16Products([](auto products) { return PlanTable(kPairPlans<decltype(products)>); });
}

}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // RWKV_KERNELS_MATMUL_BF16_PAIRS_INL_H_
