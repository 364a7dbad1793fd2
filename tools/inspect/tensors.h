// What the values of tensors are like.
#pragma once
#include <cstdint>
#include <optional>

#include "formats/tensor_file.h"

namespace rwkv {

// Of the finite values, and how many values are special. `subnormal` is judged in the tensor's own dtype.
struct TensorStats {
  double min = 0, max = 0, mean = 0, rms = 0;
  uint64_t nan = 0, infinite = 0, subnormal = 0, zero = 0;
};

// Reads all values. Nothing for tensors that do not hold floats.
std::optional<TensorStats> stats_of(const TensorView& tensor);

struct TensorDifference {
  bool same_type = true;  // dtype and shape; when shapes or kinds differ, no values were compared
  bool compared = false;
  uint64_t n_different = 0;
  double largest = 0;  // infinite where only one of the values is NaN or infinite
  bool same() const { return same_type && n_different == 0; }
};

TensorDifference difference_of(const TensorView& a, const TensorView& b);

}  // namespace rwkv
