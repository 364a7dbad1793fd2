// What the values of tensors are like.
#pragma once
#include <array>
#include <cstdint>
#include <optional>

#include "formats/tensor_file.h"

namespace rwkv {

// Where values lie: counts over ranges of equal width, together from `from` to `to`, which are four standard
// deviations around the mean, or less where no value lies so far; the first and the last range count what
// lies beyond too.
struct Histogram {
  static constexpr size_t kRanges = 24;
  double from = 0, to = 0;
  std::array<uint64_t, kRanges> counts = {};
};

// Of the finite values, and how many values are special. `subnormal` is judged in the tensor's own dtype.
struct TensorStats {
  double min = 0, max = 0, mean = 0, rms = 0;
  uint64_t nan = 0, infinite = 0, subnormal = 0, zero = 0;
  Histogram histogram = {};
};

// Reads all values. Nothing for tensors that do not hold floats.
std::optional<TensorStats> stats_of(const TensorView& tensor);

struct TensorDifference {
  bool same_type = true;  // dtype and shape; when shapes or kinds differ, no values were compared
  bool compared = false;
  uint64_t n_different = 0;
  double largest = 0;   // infinite where only one of the values is NaN or infinite
  double rms = 0;       // likewise
  double relative = 0;  // rms of the difference / rms of a; infinite if only that is 0
  bool same() const { return same_type && n_different == 0; }
};

TensorDifference difference_of(const TensorView& a, const TensorView& b);

}  // namespace rwkv
