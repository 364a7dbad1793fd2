// How each stored dtype is widened to f32 lanes. Included once for each SIMD target.
#include <cstdint>
#include <cstring>

#include "hwy/highway.h"
#include "tensor/dtype.h"

#if defined(RWKV_KERNELS_CODECS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RWKV_KERNELS_CODECS_INL_H_
#undef RWKV_KERNELS_CODECS_INL_H_
#else
#define RWKV_KERNELS_CODECS_INL_H_
#endif

HWY_BEFORE_NAMESPACE();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Each codec has its dtype; `Stored`, the element in memory (at any alignment); and Load, which widens
// Lanes(df) elements exactly.
struct CodecF32 {
  static constexpr DType kDType = DType::kF32;
  using Stored = float;
  template <class DF>
  static HWY_INLINE hn::Vec<DF> Load(DF df, const Stored* p) {
    return hn::LoadU(df, p);
  }
};

// A bf16 is the upper half of an f32, so widening is a shift on every target.
struct CodecBf16 {
  static constexpr DType kDType = DType::kBf16;
  using Stored = uint16_t;
  template <class DF>
  static HWY_INLINE hn::Vec<DF> Load(DF df, const Stored* p) {
    const hn::RebindToUnsigned<DF> du32;
    const hn::Rebind<uint16_t, DF> du16;
    return hn::BitCast(df, hn::ShiftLeft<16>(hn::PromoteTo(du32, hn::LoadU(du16, p))));
  }
};

struct CodecF16 {
  static constexpr DType kDType = DType::kF16;
  using Stored = hwy::float16_t;
  template <class DF>
  static HWY_INLINE hn::Vec<DF> Load(DF df, const Stored* p) {
    const hn::Rebind<hwy::float16_t, DF> df16;
    return hn::PromoteTo(df, hn::LoadU(df16, p));
  }
};

// Calls f with the codec of a wide dtype that has products.
template <class F>
HWY_INLINE void ForWideCodec(DType dtype, F&& f) {
  const auto try_codec = [&](auto codec) HWY_ATTR {
    if (dtype == decltype(codec)::kDType) f(codec);
  };
  try_codec(CodecF32());
  try_codec(CodecF16());
  try_codec(CodecBf16());
}

// Widens n elements.
template <class Codec, class DF>
HWY_INLINE void Widen(DF df, const typename Codec::Stored* HWY_RESTRICT from, size_t n,
                      float* HWY_RESTRICT to) {
  constexpr size_t kN = hn::MaxLanes(df);
  const size_t n_rest = n % kN, n_whole = n - n_rest;
  for (size_t i = 0; i < n_whole; i += kN) hn::StoreU(Codec::Load(df, from + i), df, to + i);
  if (n_rest == 0) return;
  typename Codec::Stored rest[kN] = {};
  HWY_ALIGN float wide[kN];
  std::memcpy(rest, from + n_whole, n_rest * sizeof rest[0]);
  hn::StoreU(Codec::Load(df, rest), df, wide);
  std::memcpy(to + n_whole, wide, n_rest * sizeof(float));
}

}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // RWKV_KERNELS_CODECS_INL_H_
