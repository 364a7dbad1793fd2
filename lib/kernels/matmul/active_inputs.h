// The inputs of a row that have to be multiplied at all.
#pragma once
#include <cstddef>
#include <cstdint>

namespace rwkv {

constexpr size_t kInputsAhead = 32;  // whose lines are fetched while an input's are added

// Those whose x is not zero, in order, in someone else's memory.
struct ActiveInputs {
  static constexpr size_t kIndexAt = 64;

  size_t* count;
  uint32_t* index;  // and kInputsAhead more: the first ones again, of the next column
  float* x;

  ActiveInputs(std::byte* memory, size_t cols)
      : count(reinterpret_cast<size_t*>(memory)),
        index(reinterpret_cast<uint32_t*>(memory + kIndexAt)),
        x(reinterpret_cast<float*>(index + cols + kInputsAhead)) {}
  static size_t bytes(size_t cols) {
    return kIndexAt + (cols + kInputsAhead) * sizeof *index + cols * sizeof *x;
  }
};

}  // namespace rwkv
