// Widens stored elements to f32.
#pragma once
#include <cstddef>
#include <span>

#include "tensor/matrix.h"

namespace rwkv {

// out[i] = element i of `bytes`, exactly (f64: rounded). dtype is f64, f32, f16 or bf16; `bytes`, at any
// alignment, hold out.size() elements.
void widen(DType dtype, std::span<const std::byte> bytes, std::span<float> out);

// out = row `row` of a table in rows (kOutIn), of any dtype that widen() takes, or q8.
void widen_row(const Matrix& table, size_t row, std::span<float> out);

}  // namespace rwkv
