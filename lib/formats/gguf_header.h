// The part of a GGUF file before the tensors: metadata, and the place of each tensor.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/ggml_tensor.h"

namespace rwkv {

// GGUF's numbers of the types of values.
enum class GgufValueType : uint32_t {
  kU8,
  kI8,
  kU16,
  kI16,
  kU32,
  kI32,
  kF32,
  kBool,
  kString,
  kArray,
  kU64,
  kI64,
  kF64
};

// A value of the metadata; points into the file's bytes.
struct GgufValue {
  GgufValueType type;  // of an array: the type of its elements, which are never arrays
  bool is_array;
  uint64_t count;                    // of elements; 1 unless the value is an array
  std::span<const std::byte> bytes;  // of the elements; checked to lie within the file
};

struct GgufEntry {
  std::string_view key;
  GgufValue value;
};

struct GgufHeader {
  uint32_t version;
  std::vector<GgufEntry> entries;  // in file order, keys unique
  std::vector<GgmlTensor> tensors;
};

bool looks_like_gguf(std::span<const std::byte> file);

// Versions 2 and 3, little-endian. Views point into `file`. Error kFormat: broken or truncated; kUnsupported:
// another version or byte order, an element type that is not in ggml_types(), or one part of several.
GgufHeader read_gguf_header(std::span<const std::byte> file);

const GgufValue* find_value(const GgufHeader& header, std::string_view key);  // null when absent

// A scalar or a string as text; an array as its size and type: "[65536 string]".
std::string to_text(const GgufValue& value);
// An array's elements. Error kFormat when the value is not an array of strings.
std::vector<std::string_view> strings_of(const GgufValue& value);
std::vector<int64_t> integers_of(const GgufValue& value);

}  // namespace rwkv
