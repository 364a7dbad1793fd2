// Conversion between the floating-point element types.
#pragma once
#include <cstddef>
#include <span>

#include "tensor/dtype.h"

namespace rwkv {

// Converts the elements of `in` to type `to`, each rounded once, to nearest, ties to even. Subnormal numbers
// are kept, infinities too; NaN becomes a quiet NaN. What is beyond the range of `to` becomes infinite:
// returns how many finite elements did. Both types are floating-point; `out` holds as many elements as `in`;
// any alignment.
size_t cast_elements(DType from, std::span<const std::byte> in, DType to, std::span<std::byte> out);

}  // namespace rwkv
