// Reads the weights of one input of a matrix stored input by input, and a row of a quantised table. Included
// once for each SIMD target.
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "tensor/matrix.h"

#if defined(RWKV_KERNELS_ROW_CODECS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef RWKV_KERNELS_ROW_CODECS_INL_H_
#undef RWKV_KERNELS_ROW_CODECS_INL_H_
#else
#define RWKV_KERNELS_ROW_CODECS_INL_H_
#endif

#include "kernels/matmul/codecs-inl.h"
#include "kernels/vec16-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rwkv::HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// Each has Load16(o, count, v): 16 weights from output o on, a multiple of 16; weights beyond `count`, the
// outputs that remain, are zero. Address(o): their place in memory.
template <class Codec>
class WideRow {
 public:
  static constexpr size_t kElementBytes = sizeof(typename Codec::Stored);

  WideRow() = default;
  WideRow(const Matrix& m, size_t input)
      : p_(reinterpret_cast<const typename Codec::Stored*>(m.bytes.data()) + input * m.rows) {}
  HWY_INLINE void Load16(size_t output, size_t count, VF (&v)[kParts]) const {
    const typename Codec::Stored* p = p_ + output;
    typename Codec::Stored rest[kVec16Lanes] = {};
    if (count < kVec16Lanes) {
      std::memcpy(rest, p, count * sizeof rest[0]);
      p = rest;
    }
    for (size_t part = 0; part < kParts; ++part) v[part] = Codec::Load(DF(), p + part * kLanes);
  }
  const std::byte* Address(size_t output) const { return reinterpret_cast<const std::byte*>(p_ + output); }

 private:
  const typename Codec::Stored* p_;
};

// The f16 scale at p, in every lane.
HWY_INLINE VF LoadScale(const std::byte* p) {
  const hn::CappedTag<float, 1> d1;
  hwy::float16_t bits;
  std::memcpy(&bits, p, sizeof bits);
  return hn::Set(DF(), hn::GetLane(CodecF16::Load(d1, &bits)));
}

class Q8Row {
 public:
  Q8Row() = default;
  Q8Row(const Matrix& m, size_t input)
      : codes_(m.bytes.data() + input * quantised_row_bytes(DType::kQ8, m.rows)),
        scales_(codes_ + hwy::RoundUpTo(m.rows, kQuantBlock)) {}
  HWY_INLINE void Load16(size_t output, size_t /*count: rows are padded*/, VF (&v)[kParts]) const {
    const hn::Rebind<uint8_t, DF> du8;
    const hn::RebindToSigned<DF> di32;
    const auto* codes = reinterpret_cast<const uint8_t*>(codes_) + output;
    const VF scale = LoadScale(scales_ + output / kQuantBlock * 2);
    for (size_t part = 0; part < kParts; ++part) {
      const auto code = hn::PromoteTo(di32, hn::LoadU(du8, codes + part * kLanes));
      v[part] = hn::Mul(scale, hn::ConvertTo(DF(), hn::Sub(code, hn::Set(di32, kQ8Zero))));
    }
  }
  const std::byte* Address(size_t output) const { return codes_ + output; }

 private:
  const std::byte *codes_, *scales_;
};

}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // RWKV_KERNELS_ROW_CODECS_INL_H_
