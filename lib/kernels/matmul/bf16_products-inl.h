// How products of bf16 pairs are added to f32 sums (bf16_pairs-inl.h has the formula). Included once for each
// SIMD target.
#include <bit>
#include <cstddef>
#include <cstdint>

#include "kernels/targets.h"

#if defined(RWKV_KERNELS_MATMUL_BF16_PRODUCTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RWKV_KERNELS_MATMUL_BF16_PRODUCTS_INL_H_
#undef RWKV_KERNELS_MATMUL_BF16_PRODUCTS_INL_H_
#else
#define RWKV_KERNELS_MATMUL_BF16_PRODUCTS_INL_H_
#endif

#include "kernels/matmul/byte_products-inl.h"
#include "kernels/vec16-inl.h"

RWKV_BEFORE_BYTE_PRODUCTS();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Ways to add a pair of inputs. Each has XPair, two inputs of x, and adds them in kHalves steps:
// Weights(both, half) returns a step's weights, X(pair, half) its x in every lane; then Add(w, x, sum).

// Two FMAs, the odd input first.
struct PairOfFmas {
  struct XPair {
    float odd, even;
  };
  static constexpr size_t kHalves = 2;
  static HWY_INLINE XPair Pair(uint32_t even, uint32_t odd) {
    return {std::bit_cast<float>(odd << 16), std::bit_cast<float>(even << 16)};
  }
  static HWY_INLINE VF Weights(hn::Vec<DU32> both, size_t half) {
    return hn::BitCast(DF(),
                       half == 0 ? hn::And(both, hn::Set(DU32(), 0xFFFF0000u)) : hn::ShiftLeft<16>(both));
  }
  static HWY_INLINE VF X(const XPair& pair, size_t half) {
    return hn::Set(DF(), half == 0 ? pair.odd : pair.even);
  }
  static HWY_INLINE VF Add(VF w, VF x, VF sum) { return hn::MulAdd(w, x, sum); }
};

#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3_DL
// One instruction, which not every CPU with AVX3_DL has: see WithBf16Products().
struct PairDots {
  using XPair = uint32_t;  // the even input in the lower half
  using VU32 = hn::Vec<DU32>;
  static constexpr size_t kHalves = 1;
  static HWY_INLINE XPair Pair(uint32_t even, uint32_t odd) { return odd << 16 | even; }
  static HWY_INLINE VU32 Weights(VU32 both, size_t /*half*/) { return both; }
  static HWY_INLINE VU32 X(XPair pair, size_t /*half*/) { return hn::Set(DU32(), pair); }
  static HWY_INLINE VF Add(VU32 w, VU32 x, VF sum) {
    // Assembly: the intrinsic needs a function with an attribute of its own.
    __asm__("vdpbf16ps %2, %1, %0" : "+v"(sum.raw) : "v"(w.raw), "v"(x.raw));
    return sum;
  }
};
#endif

// Calls f with the way that this process uses on this target. While denormal numbers are flushed, all ways
// have the same results.
template <class F>
auto WithBf16Products(F&& f) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3_DL
  if (uses_extension(Extension::kBf16, HWY_TARGET)) return f(PairDots());
#endif
  return f(PairOfFmas());
}

}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // RWKV_KERNELS_MATMUL_BF16_PRODUCTS_INL_H_
