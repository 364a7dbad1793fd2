#include "kernels/convert.h"

#include <cassert>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/convert.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
// After highway.h
#include "kernels/codecs-inl.h"
#include "kernels/vec16-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rwkv::HWY_NAMESPACE {

template <class Codec>
void WidenBytes(std::span<const std::byte> bytes, std::span<float> out) {
  Widen<Codec>(DF(), reinterpret_cast<const typename Codec::Stored*>(bytes.data()), out.size(), out.data());
}

void WidenF16(std::span<const std::byte> bytes, std::span<float> out) { WidenBytes<CodecF16>(bytes, out); }
void WidenBf16(std::span<const std::byte> bytes, std::span<float> out) { WidenBytes<CodecBf16>(bytes, out); }

}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rwkv {
HWY_EXPORT(WidenF16);
HWY_EXPORT(WidenBf16);

namespace {

void narrow_f64(std::span<const std::byte> bytes, std::span<float> out) {
  for (size_t i = 0; i < out.size(); ++i) {
    double value;
    std::memcpy(&value, &bytes[i * sizeof value], sizeof value);
    out[i] = static_cast<float>(value);
  }
}

}  // namespace

void widen(DType dtype, std::span<const std::byte> bytes, std::span<float> out) {
  assert(bytes.size() == out.size() * dtype_info(dtype).bytes);
  if (out.empty()) return;
  switch (dtype) {
    case DType::kF64:
      return narrow_f64(bytes, out);
    case DType::kF32:
      std::memcpy(out.data(), bytes.data(), bytes.size());
      return;
    case DType::kF16:
      return HWY_DYNAMIC_DISPATCH(WidenF16)(bytes, out);
    case DType::kBf16:
      return HWY_DYNAMIC_DISPATCH(WidenBf16)(bytes, out);
    default:
      assert(!"only floats are widened");
  }
}

}  // namespace rwkv
#endif  // HWY_ONCE
