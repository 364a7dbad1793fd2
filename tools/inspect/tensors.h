// Facts about the values of tensors.
#pragma once
#include <array>
#include <cstdint>
#include <optional>

#include "formats/tensor_file.h"

namespace rwkv {

// A histogram: counts in ranges of equal width, from `from` to `to`, which are four standard deviations from
// the mean, or the extreme values if those are nearer; the first and the last range also count all values
// beyond.
struct Histogram {
  static constexpr size_t kRanges = 24;
  double from = 0, to = 0;
  std::array<uint64_t, kRanges> counts = {};
};

// Facts about the finite values, and counts of special ones. `subnormal` refers to the tensor's own dtype.
struct TensorStats {
  double min = 0, max = 0, mean = 0, rms = 0;
  uint64_t nan = 0, infinite = 0, subnormal = 0, zero = 0;
  Histogram histogram = {};
};

// Reads all values. Nothing for tensors that are not of floats.
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
