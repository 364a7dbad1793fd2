// A model's size, and the cost of a token.
#pragma once
#include <cstdint>
#include <optional>

#include "formats/tensor_file.h"

namespace rwkv {

struct Footprint {
  uint64_t parameters = 0;
  uint64_t weight_bytes = 0;
  uint64_t read_bytes = 0;             // a token: tables that are looked up (the embedding) count as one row
  uint64_t multiply_adds = 0;          // a token, in matrices, without the head
  uint64_t head_multiply_adds = 0;     // a token whose logits are wanted
  uint64_t integer_multiply_adds = 0;  // the part of both sums that is with quantised matrices
  uint64_t bf16_multiply_adds = 0;     // the part whose inputs are rounded to bf16
};

// With the tensors as stored, or as rwkv-convert would write them in another dtype.
Footprint footprint(const TensorFile& file, std::optional<DType> dtype = std::nullopt);

}  // namespace rwkv
