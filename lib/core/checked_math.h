// Integer arithmetic on numbers taken from files.
#pragma once
#include <cstdint>

#include "core/error.h"

namespace rwkv {

inline uint64_t checked_mul(uint64_t a, uint64_t b) {
  uint64_t product;
  if (__builtin_mul_overflow(a, b, &product)) throw Error(ErrorKind::kFormat, "a size overflows 64 bits");
  return product;
}

inline uint64_t checked_add(uint64_t a, uint64_t b) {
  uint64_t sum;
  if (__builtin_add_overflow(a, b, &sum)) throw Error(ErrorKind::kFormat, "a size overflows 64 bits");
  return sum;
}

}  // namespace rwkv
