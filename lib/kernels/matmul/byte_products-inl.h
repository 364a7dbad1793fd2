// Sums of products of bytes: a register holds 4 unsigned codes w for each of Lanes outputs; x has 4 signed
// codes. Included once for each SIMD target.
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "hwy/highway.h"

#if defined(RWKV_KERNELS_BYTE_PRODUCTS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RWKV_KERNELS_BYTE_PRODUCTS_INL_H_
#undef RWKV_KERNELS_BYTE_PRODUCTS_INL_H_
#else
#define RWKV_KERNELS_BYTE_PRODUCTS_INL_H_
#endif

#include "kernels/targets.h"
#include "kernels/vec16-inl.h"

// Replaces HWY_BEFORE_NAMESPACE in files that use the code below or are inlined into it: Highway 1.0.3's
// attributes for AVX3_DL name another extension instead of VNNI, which all these CPUs have.
#undef RWKV_BEFORE_BYTE_PRODUCTS
#if HWY_TARGET <= HWY_AVX3_DL && HWY_ARCH_X86
#define RWKV_BEFORE_BYTE_PRODUCTS()                 \
  HWY_PUSH_ATTRIBUTES(HWY_TARGET_STR ",avx512vnni") \
  static_assert(true, "for the semicolon")
#else
#define RWKV_BEFORE_BYTE_PRODUCTS() HWY_BEFORE_NAMESPACE()
#endif

RWKV_BEFORE_BYTE_PRODUCTS();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using DI = hn::RebindToSigned<DF>;
using VI = hn::Vec<DI>;
using DU32 = hn::RebindToUnsigned<DF>;

// ---- ways to multiply bytes. Each has
// XCodes<N>: the codes of N inputs, a multiple of 4, in the form for products, in groups of 4. To set them,
// write all codes to Staging(spare), which may be `spare`, then call Take() with it. WGroup
// SplitWeights(codes): a group of w; kSubtracted was subtracted from every code. AddProducts(w, x, g, sum):
// sum + the products of a group of w and group `g` of x.

template <size_t N>
struct PlainCodes {
  int8_t all[N];
  HWY_INLINE int8_t* Staging(int8_t (&/*spare*/)[N]) { return all; }
  HWY_INLINE void Take(const int8_t* /*staging*/) {}
};

HWY_INLINE int32_t LoadFourBytes(const void* p) {
  int32_t four;
  std::memcpy(&four, p, sizeof four);
  return four;
}

#if HWY_ARCH_X86 && (HWY_TARGET <= HWY_AVX3 || HWY_TARGET == HWY_AVX2)
// One instruction, which not every CPU with AVX2 or AVX3 has: see WithByteProducts().
struct Vnni {
  static constexpr int32_t kSubtracted = 0;
  template <size_t N>
  using XCodes = PlainCodes<N>;
  struct WGroup {
    VI codes;
  };
  static HWY_INLINE WGroup SplitWeights(VI codes) { return {codes}; }
  template <size_t N>
  static HWY_INLINE VI AddProducts(const WGroup& w, const XCodes<N>& x, size_t g, VI sum) {
    const int32_t four = LoadFourBytes(x.all + 4 * g);
#if HWY_TARGET == HWY_AVX3
    // Assembly: the intrinsic needs a function with an attribute of its own.
    __asm__("vpdpbusd %2, %1, %0" : "+v"(sum.raw) : "v"(w.codes.raw), "v"(hn::Set(DI(), four).raw));
    return sum;
#elif HWY_TARGET == HWY_AVX2
    __asm__("%{vex%} vpdpbusd %2, %1, %0" : "+x"(sum.raw) : "x"(w.codes.raw), "x"(hn::Set(DI(), four).raw));
    return sum;
#else
    return VI{_mm512_dpbusd_epi32(sum.raw, w.codes.raw, _mm512_set1_epi32(four))};
#endif
  }
};
#endif

#if HWY_ARCH_ARM_A64 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
// Shared by both ways on NEON: codes of w become signed.
struct NeonCodes {
  static constexpr int32_t kSubtracted = 128;
  template <size_t N>
  using XCodes = PlainCodes<N>;
  struct WGroup {
    int8x16_t codes;
  };
  static HWY_INLINE WGroup SplitWeights(VI codes) {
    return {veorq_s8(vreinterpretq_s8_s32(codes.raw), vdupq_n_s8(-128))};
  }
};

// Sums of two products fit into 16 bits, since codes of x are above -128.
struct NeonPairs : NeonCodes {
  template <size_t N>
  static HWY_INLINE VI AddProducts(const WGroup& w, const XCodes<N>& x, size_t g, VI sum) {
    const int8x16_t four = vreinterpretq_s8_s32(vdupq_n_s32(LoadFourBytes(x.all + 4 * g)));
    const int16x8_t low = vmull_s8(vget_low_s8(w.codes), vget_low_s8(four));
    return VI(vpadalq_s16(sum.raw, vpaddq_s16(low, vmull_high_s8(w.codes, four))));
  }
};

// One instruction, which CPUs before ARMv8.4 may not have: see WithByteProducts().
struct DotProducts : NeonCodes {
  template <size_t N>
  static HWY_INLINE VI AddProducts(const WGroup& w, const XCodes<N>& x, size_t g, VI sum) {
    [[maybe_unused]] const int8x8_t four =
        vreinterpret_s8_s32(vset_lane_s32(LoadFourBytes(x.all + 4 * g), vdup_n_s32(0), 0));
#ifdef __ARM_FEATURE_DOTPROD
    return VI(vdotq_lane_s32(sum.raw, w.codes, four, 0));
#elif HWY_COMPILER_CLANG  // never called: uses_extension() returns false for clang
    return NeonPairs::AddProducts(w, x, g, sum);
#else                     // as above; the assembler needs the extension, too
    __asm__(".arch armv8.2-a+dotprod\n\tsdot %0.4s, %1.16b, %2.4b[0]"
            : "+w"(sum.raw)
            : "w"(w.codes), "w"(four));
    return sum;
#endif
  }
};
#endif

// 16-bit pairs of inputs 0 and 2 and of inputs 1 and 3, so that splitting w is a mask and a shift.
struct BytePairs {
  static constexpr int32_t kSubtracted = 0;
  template <size_t N>
  struct XCodes {
    int16_t all[N];  // the even ones first
    HWY_INLINE int8_t* Staging(int8_t (&spare)[N]) { return spare; }
    HWY_INLINE void Take(const int8_t* staging) {
      for (size_t i = 0; i < N / 2; ++i) all[i] = staging[2 * i], all[N / 2 + i] = staging[2 * i + 1];
    }
  };
  struct WGroup {
    VI even, odd;
  };
  static HWY_INLINE WGroup SplitWeights(VI codes) {
    const hn::RebindToUnsigned<DI> du;
    const auto u = hn::BitCast(du, codes);
    const auto mask = hn::Set(du, 0x00FF00FFu);
    return {hn::BitCast(DI(), hn::And(u, mask)), hn::BitCast(DI(), hn::And(hn::ShiftRight<8>(u), mask))};
  }
  template <size_t N>
  static HWY_INLINE VI AddProducts(const WGroup& w, const XCodes<N>& x, size_t g, VI sum) {
    const VI even = hn::Set(DI(), LoadFourBytes(x.all + 2 * g));
    const VI odd = hn::Set(DI(), LoadFourBytes(x.all + N / 2 + 2 * g));
    return AddPairs(w.odd, odd, AddPairs(w.even, even, sum));
  }

 private:
  // sum + a.low * b.low + a.high * b.high, for the 16-bit halves of each lane
  static HWY_INLINE VI AddPairs(VI a, VI b, VI sum) {
#if HWY_ARCH_X86 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
    // Only x86 adds neighbours; elsewhere the halves of the register are added to different sums.
    const hn::Repartition<int16_t, DI> di16;
    VI unused = hn::Zero(DI());
    sum = hn::ReorderWidenMulAccumulate(DI(), hn::BitCast(di16, a), hn::BitCast(di16, b), sum, unused);
#if HWY_COMPILER_GCC && !HWY_COMPILER_CLANG
    // Keeps g++ from reordering the additions, for which it would store all products in memory.
    __asm__("" : "+v"(sum.raw));
#endif
    return sum;
#else
    const auto low = [](VI v) HWY_ATTR { return hn::ShiftRight<16>(hn::ShiftLeft<16>(v)); };
    const auto high = [](VI v) HWY_ATTR { return hn::ShiftRight<16>(v); };
    return hn::Add(sum, hn::Add(hn::Mul(low(a), low(b)), hn::Mul(high(a), high(b))));
#endif
  }
};

// Calls f with the way to multiply bytes that this process uses on this target. Codes prepared for one way
// cannot be read by another.
template <class F>
auto WithByteProducts(F&& f) {
#if HWY_ARCH_X86 && HWY_TARGET <= HWY_AVX3_DL
  return f(Vnni());
#elif HWY_ARCH_X86 && (HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2)
  return uses_extension(Extension::kBytes, HWY_TARGET) ? f(Vnni()) : f(BytePairs());
#elif HWY_ARCH_ARM_A64 && HWY_TARGET != HWY_SCALAR && HWY_TARGET != HWY_EMU128
  return uses_extension(Extension::kBytes, HWY_TARGET) ? f(DotProducts()) : f(NeonPairs());
#else
  return f(BytePairs());
#endif
}

}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // RWKV_KERNELS_BYTE_PRODUCTS_INL_H_
