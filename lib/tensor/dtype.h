// The element types of tensors: one table.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rwkv {

enum class DType : uint8_t { kF64, kF32, kF16, kBf16, kI64, kI32, kI16, kI8, kU8, kBool, kQ8, kQ6, kQ4 };

using Shape = std::vector<uint64_t>;

struct DTypeInfo {
  DType dtype;
  std::string_view name;         // as users spell it: "bf16"
  std::string_view safetensors;  // as safetensors spells it: "BF16"; empty for what it does not know
  size_t bytes;   // of one element; 0 when quantised: blocks share a scale (tensor/packed_layout.h)
  bool is_float;  // quantised ones are not
};

std::span<const DTypeInfo> dtype_table();
const DTypeInfo& dtype_info(DType dtype);
const DTypeInfo* find_dtype(std::string_view name);              // by `name`; null when unknown
const DTypeInfo* find_safetensors_dtype(std::string_view name);  // by `safetensors`; null when unknown

// The last of the enum.
constexpr bool is_quantised(DType dtype) { return dtype >= DType::kQ8; }
bool holds_weights(DType dtype);  // floats or quantised

uint64_t element_count(const Shape& shape);  // Error kFormat on overflow
// Of elements that follow one another. Error kFormat on overflow, kUnsupported for a quantised type.
uint64_t checked_byte_size(DType dtype, const Shape& shape);
std::string to_string(const Shape& shape);  // "[64, 768]"

}  // namespace rwkv
