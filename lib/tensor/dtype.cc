#include "tensor/dtype.h"

#include <algorithm>
#include <array>

#include "core/checked_math.h"
#include "core/error.h"

namespace rwkv {
namespace {

// In the order of the enum.
constexpr std::array kDTypes = {
    DTypeInfo{DType::kF64, "f64", "F64", 8, true},  DTypeInfo{DType::kF32, "f32", "F32", 4, true},
    DTypeInfo{DType::kF16, "f16", "F16", 2, true},  DTypeInfo{DType::kBf16, "bf16", "BF16", 2, true},
    DTypeInfo{DType::kI64, "i64", "I64", 8, false}, DTypeInfo{DType::kI32, "i32", "I32", 4, false},
    DTypeInfo{DType::kI16, "i16", "I16", 2, false}, DTypeInfo{DType::kI8, "i8", "I8", 1, false},
    DTypeInfo{DType::kU8, "u8", "U8", 1, false},    DTypeInfo{DType::kBool, "bool", "BOOL", 1, false},
    DTypeInfo{DType::kQ8, "q8", "", 0, false},      DTypeInfo{DType::kQ6, "q6", "", 0, false},
    DTypeInfo{DType::kQ4, "q4", "", 0, false},
};

const DTypeInfo* find_by(std::string_view DTypeInfo::*key, std::string_view name) {
  if (name.empty()) return nullptr;
  const auto found = std::ranges::find(kDTypes, name, key);
  return found == kDTypes.end() ? nullptr : &*found;
}

}  // namespace

std::span<const DTypeInfo> dtype_table() { return kDTypes; }
const DTypeInfo& dtype_info(DType dtype) { return kDTypes.at(static_cast<size_t>(dtype)); }
bool holds_weights(DType dtype) { return dtype_info(dtype).is_float || is_quantised(dtype); }
const DTypeInfo* find_dtype(std::string_view name) { return find_by(&DTypeInfo::name, name); }
const DTypeInfo* find_safetensors_dtype(std::string_view name) {
  return find_by(&DTypeInfo::safetensors, name);
}

uint64_t element_count(const Shape& shape) {
  uint64_t n = 1;
  for (const uint64_t dim : shape) n = checked_mul(n, dim);
  return n;
}

uint64_t checked_byte_size(DType dtype, const Shape& shape) {
  if (is_quantised(dtype)) {
    throw Error(ErrorKind::kUnsupported,
                "elements of " + std::string(dtype_info(dtype).name) + " have no size of their own");
  }
  return checked_mul(element_count(shape), dtype_info(dtype).bytes);
}

std::string to_string(const Shape& shape) {
  std::string text;
  for (const uint64_t dim : shape) text += (text.empty() ? "" : ", ") + std::to_string(dim);
  return "[" + text + "]";
}

}  // namespace rwkv
