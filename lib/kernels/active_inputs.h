// The inputs of a row that have to be multiplied at all.
#pragma once
#include <cstddef>
#include <cstdint>

namespace rwkv {

constexpr size_t kInputsAhead = 32;  // whose lines are fetched while an input's are added

// Those whose x is not zero, in order, in someone else's memory.
struct ActiveInputs {
  uint32_t* index;  // and kInputsAhead more: the first ones again, of the next column
  float* x;
  size_t* count;

  ActiveInputs(std::byte* memory, size_t cols)
      : index(reinterpret_cast<uint32_t*>(memory)),
        x(reinterpret_cast<float*>(index + cols + kInputsAhead)),
        count(reinterpret_cast<size_t*>(memory + (bytes(cols) - sizeof *count))) {}
  static size_t bytes(size_t cols) {
    return ((cols + kInputsAhead) * sizeof *index + cols * sizeof *x + 63) / 64 * 64 + sizeof *count;
  }
};

}  // namespace rwkv
