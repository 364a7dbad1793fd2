// What stands in front of the tensors of a GGUF file: metadata, and where each tensor lies.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/ggml_tensor.h"

namespace rwkv {

// As GGUF numbers the types of values.
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

// A value of the metadata, inside the file's bytes.
struct GgufValue {
  GgufValueType type;  // of an array: of its elements, which are no arrays
  bool is_array;
  uint64_t count;                    // of elements; 1 when it is no array
  std::span<const std::byte> bytes;  // of the elements, all checked to be there
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

// Versions 2 and 3, little-endian. Views look into `file`. Error kFormat: broken or truncated; kUnsupported:
// another version or byte order, an element type that ggml_types() lacks, or one part of several.
GgufHeader read_gguf_header(std::span<const std::byte> file);

const GgufValue* find_value(const GgufHeader& header, std::string_view key);  // null when absent

// A scalar or a string as text; of an array how many there are of what: "[65536 string]".
std::string to_text(const GgufValue& value);
// An array's elements. Error kFormat when the value is something else.
std::vector<std::string_view> strings_of(const GgufValue& value);
std::vector<int64_t> integers_of(const GgufValue& value);

}  // namespace rwkv
