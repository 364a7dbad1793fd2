// The element types of ggml: wide ones, and blocks of elements that share a scale.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "tensor/dtype.h"

namespace rwkv {

// Formulas: ggml's definitions of its blocks (ggml-org/llama.cpp:ggml/src/ggml-common.h).
struct GgmlType {
  uint32_t id;            // GGUF's number of the type
  std::string_view name;  // "Q4_K"
  DType dtype;            // the dtype that holds the elements without loss; of a wide type, the stored one
  uint32_t block_elements, block_bytes;
  // The elements of one block; null for a wide type, whose elements need no decoding.
  void (*decode)(const std::byte* block, float* elements);
};

std::span<const GgmlType> ggml_types();
const GgmlType* find_ggml_type(uint32_t id);            // null when unknown
const GgmlType* find_ggml_type(std::string_view name);  // null when unknown

// Decodes elements [first, first + out.size()) of a tensor of consecutive blocks; `blocks` holds the whole
// tensor.
void decode_ggml(const GgmlType& type, std::span<const std::byte> blocks, uint64_t first,
                 std::span<float> out);

// Encodes whole blocks of Q8_0: each scale is the block's largest magnitude / 127. `out` holds
// elements.size() / 32 blocks. Error kFormat: an element is not finite, or too large for a scale in f16.
void encode_q8_0(std::span<const float> elements, std::span<std::byte> out);

}  // namespace rwkv
