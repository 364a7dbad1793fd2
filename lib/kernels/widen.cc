#include "kernels/widen.h"

#include <cassert>
#include <cstring>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/widen.cc"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
// After highway.h
#include "kernels/matmul/codecs-inl.h"
#include "kernels/matmul/row_codecs-inl.h"
#include "kernels/vec16-inl.h"

HWY_BEFORE_NAMESPACE();
namespace rwkv::HWY_NAMESPACE {
namespace {

template <class Codec>
void WidenBytes(std::span<const std::byte> bytes, std::span<float> out) {
  Widen<Codec>(DF(), reinterpret_cast<const typename Codec::Stored*>(bytes.data()), out.size(), out.data());
}

void WidenFloats(DType dtype, std::span<const std::byte> bytes, std::span<float> out) {
  ForWideCodec(dtype, [&](auto codec) HWY_ATTR { WidenBytes<decltype(codec)>(bytes, out); });
}

// A row of a table is stored as an input's row of a kInOut matrix is.
void WidenQ8Row(const Matrix& table, size_t row, std::span<float> out) {
  Matrix by_inputs = table;
  std::swap(by_inputs.rows, by_inputs.cols);
  const Q8Row codes(by_inputs, row);
  for (size_t i = 0; i < out.size(); i += kVec16Lanes) {
    VF v[kParts];
    float values[kVec16Lanes];
    codes.Load16(i, out.size() - i, v);
    for (size_t part = 0; part < kParts; ++part) hn::StoreU(v[part], DF(), values + part * kLanes);
    std::memcpy(&out[i], values, HWY_MIN(kVec16Lanes, out.size() - i) * sizeof(float));
  }
}

}  // namespace
}  // namespace rwkv::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace rwkv {
HWY_EXPORT(WidenFloats);
HWY_EXPORT(WidenQ8Row);

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
  if (dtype == DType::kF64) return narrow_f64(bytes, out);
  HWY_DYNAMIC_DISPATCH(WidenFloats)(dtype, bytes, out);
}

void widen_row(const Matrix& table, size_t row, std::span<float> out) {
  assert(table.layout == Layout::kOutIn && row < table.rows && out.size() == table.cols);
  if (table.dtype == DType::kQ8) return HWY_DYNAMIC_DISPATCH(WidenQ8Row)(table, row, out);
  const size_t row_bytes = table.cols * dtype_info(table.dtype).bytes;
  widen(table.dtype, table.bytes.subspan(row * row_bytes, row_bytes), out);
}

}  // namespace rwkv
#endif  // HWY_ONCE
