// The element types of tensors: one table.
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rwkv {

enum class DType : uint8_t {
  kF64,
  kF32,
  kF16,
  kBf16,
  kBf16Bf16,
  kI64,
  kI32,
  kI16,
  kI8,
  kU8,
  kBool,
  kQ8,
  kQ6,
  kQ4
};

using Shape = std::vector<uint64_t>;

struct DTypeInfo {
  DType dtype;
  std::string_view name;         // users' spelling: "bf16"
  std::string_view safetensors;  // safetensors' spelling: "BF16"; empty: not in safetensors
  std::string_view torch;        // PyTorch's storage class: "torch BFloat16Storage"; empty: none
  size_t bytes;                  // of one element; 0 when quantised: blocks share a scale
  bool is_float;                 // false for quantised types
  bool has_products = false;     // kernels multiply with it: it can be packed, and rwkv-convert writes it
  // How packed matrices hold it (tensor/packed_layout.h).
  size_t code_bits = 0;     // of a quantised element, without its share of the scale; 0 when not quantised
  size_t tile_inputs = 0;   // that lie together in a tile
  size_t line_outputs = 0;  // of a line
  // The stored type of the elements, where products differ from it: kBf16Bf16 stores bf16, and x is rounded
  // to bf16 as well. Only packed matrices have such a type.
  std::optional<DType> elements = {};
};

// In the order of the enum.
inline constexpr auto kDTypes = std::to_array<DTypeInfo>({
    // dtype, name, safetensors, torch, bytes, is_float, has_products, code_bits, tile_inputs, line_outputs
    {DType::kF64, "f64", "F64", "torch DoubleStorage", 8, true},
    {DType::kF32, "f32", "F32", "torch FloatStorage", 4, true, true, 0, 1, 32},
    {DType::kF16, "f16", "F16", "torch HalfStorage", 2, true, true, 0, 1, 64},
    {DType::kBf16, "bf16", "BF16", "torch BFloat16Storage", 2, true, true, 0, 2, 64},
    {DType::kBf16Bf16, "bf16_bf16", "", "", 2, true, true, 0, 2, 64, DType::kBf16},
    {DType::kI64, "i64", "I64", "torch LongStorage", 8, false},
    {DType::kI32, "i32", "I32", "torch IntStorage", 4, false},
    {DType::kI16, "i16", "I16", "torch ShortStorage", 2, false},
    {DType::kI8, "i8", "I8", "torch CharStorage", 1, false},
    {DType::kU8, "u8", "U8", "torch ByteStorage", 1, false},
    {DType::kBool, "bool", "BOOL", "torch BoolStorage", 1, false},
    {DType::kQ8, "q8", "", "", 0, false, true, 8, 64, 64},
    {DType::kQ6, "q6", "", "", 0, false, true, 6, 64, 128},
    {DType::kQ4, "q4", "", "", 0, false, true, 4, 64, 128},
});

constexpr const DTypeInfo& dtype_info(DType dtype) { return kDTypes[static_cast<size_t>(dtype)]; }
static_assert(std::ranges::all_of(kDTypes,
                                  [](const DTypeInfo& info) { return &dtype_info(info.dtype) == &info; }));

// Null when unknown.
const DTypeInfo* find_dtype(std::string_view DTypeInfo::*column, std::string_view name);
inline const DTypeInfo* find_dtype(std::string_view name) { return find_dtype(&DTypeInfo::name, name); }

constexpr bool is_quantised(DType dtype) { return dtype_info(dtype).code_bits > 0; }
constexpr DType elements_of(DType dtype) { return dtype_info(dtype).elements.value_or(dtype); }
constexpr bool holds_weights(DType dtype) { return dtype_info(dtype).is_float || is_quantised(dtype); }

uint64_t element_count(const Shape& shape);  // Error kFormat on overflow
// Bytes of consecutive elements. Error kFormat on overflow, kUnsupported for a quantised type.
uint64_t checked_byte_size(DType dtype, const Shape& shape);
std::string to_string(const Shape& shape);  // "[64, 768]"

}  // namespace rwkv
