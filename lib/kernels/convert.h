// Stored elements become f32.
#pragma once
#include <cstddef>
#include <span>

#include "tensor/dtype.h"

namespace rwkv {

// out[i] = element i of `bytes`, exactly (f64: rounded). dtype is f64, f32, f16 or bf16; bytes, at any
// alignment, hold out.size() elements.
void widen(DType dtype, std::span<const std::byte> bytes, std::span<float> out);

}  // namespace rwkv
