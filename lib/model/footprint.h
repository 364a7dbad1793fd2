// What a model weighs.
#pragma once
#include <cstdint>
#include <optional>

#include "tensor/tensor_file.h"

namespace rwkv {

struct Footprint {
  uint64_t parameters = 0;
  uint64_t weight_bytes = 0;
  uint64_t read_bytes = 0;  // a token: of tables that are looked up (the embedding) only one row
};

// With the tensors as they are stored, or as rwkv-convert writes them in another dtype.
Footprint footprint(const TensorFile& file, std::optional<DType> dtype = std::nullopt);

}  // namespace rwkv
