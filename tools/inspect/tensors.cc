#include "inspect/tensors.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "common/tool.h"
#include "kernels/widen.h"
#include "tensor/pack.h"

namespace rwkv {
namespace {

constexpr size_t kBlock = 1 << 16;  // values at a time

double smallest_normal(DType dtype) { return dtype == DType::kF16 ? 0x1p-14 : 0x1p-126; }

// Calls body(begin, n) for one block of n values after the other.
template <class Body>
void for_blocks(uint64_t n_values, Body&& body) {
  for (uint64_t begin = 0; begin < n_values; begin += kBlock) {
    throw_if_stopped();
    body(begin, static_cast<size_t>(std::min<uint64_t>(kBlock, n_values - begin)));
  }
}

// The weights of a tensor in row-major order; keeps its buffers.
class Values {
 public:
  explicit Values(const TensorView& tensor) : tensor_(tensor) {
    if (!is_laid_out(tensor)) bytes_ = packed_bytes(tensor, scratch_);
  }

  std::span<const float> at(uint64_t begin, size_t n) {
    if (is_laid_out(tensor_)) return unpacked(begin, n);
    const size_t element_bytes = dtype_info(tensor_.dtype).bytes;
    buffer_.resize(n);
    widen(tensor_.dtype, bytes_.subspan(begin * element_bytes, n * element_bytes), buffer_);
    return buffer_;
  }

 private:
  std::span<const float> unpacked(uint64_t begin, size_t n) {
    const uint64_t cols = tensor_.shape[1], first = begin / cols, end = (begin + n + cols - 1) / cols;
    buffer_.resize((end - first) * cols);
    unpack_rows(tensor_, first, end - first, buffer_);
    return std::span(buffer_).subspan(begin - first * cols, n);
  }

  const TensorView& tensor_;
  std::span<const std::byte> bytes_;
  std::vector<std::byte> scratch_;
  std::vector<float> buffer_;
};

struct Sums {
  TensorStats stats{.min = std::numeric_limits<double>::infinity(),
                    .max = -std::numeric_limits<double>::infinity()};
  double sum = 0, squares = 0;
  uint64_t n_finite = 0;

  void add(float value, double smallest) {
    const auto x = static_cast<double>(value);
    if (std::isnan(x)) return void(++stats.nan);
    if (std::isinf(x)) return void(++stats.infinite);
    ++n_finite;
    sum += x;
    squares += x * x;
    stats.min = std::min(stats.min, x);
    stats.max = std::max(stats.max, x);
    stats.zero += x == 0;
    stats.subnormal += x != 0 && std::abs(x) < smallest;
  }

  TensorStats finish() {
    if (n_finite == 0) return stats.min = stats.max = 0, stats;
    stats.mean = sum / static_cast<double>(n_finite);
    stats.rms = std::sqrt(squares / static_cast<double>(n_finite));
    return stats;
  }
};

Histogram histogram_of(Values& values, uint64_t n_values, const TensorStats& stats) {
  constexpr double kDeviations = 4;
  const double reach =
      kDeviations * std::sqrt(std::max(0.0, stats.rms * stats.rms - stats.mean * stats.mean));
  Histogram histogram{.from = std::max(stats.min, stats.mean - reach),
                      .to = std::min(stats.max, stats.mean + reach)};
  const double width = (histogram.to - histogram.from) / Histogram::kRanges;
  for_blocks(n_values, [&](uint64_t begin, size_t n) {
    for (const float x : values.at(begin, n)) {
      if (!std::isfinite(x)) continue;
      const double at =
          width > 0 ? (static_cast<double>(x) - histogram.from) / width : Histogram::kRanges / 2.0;
      ++histogram.counts[static_cast<size_t>(std::clamp(at, 0.0, Histogram::kRanges - 1.0))];
    }
  });
  return histogram;
}

struct DifferenceSums {
  double squares = 0, squares_a = 0;

  void add(float a, float b, TensorDifference& difference) {
    if (std::isfinite(a)) squares_a += static_cast<double>(a) * static_cast<double>(a);
    if (a == b || (std::isnan(a) && std::isnan(b))) return;
    ++difference.n_different;
    double distance = std::abs(static_cast<double>(a) - static_cast<double>(b));
    if (std::isnan(distance)) distance = std::numeric_limits<double>::infinity();
    difference.largest = std::max(difference.largest, distance);
    squares += distance * distance;
  }
  void finish(uint64_t n, TensorDifference& difference) const {
    if (squares == 0) return;
    difference.rms = std::sqrt(squares / static_cast<double>(n));
    difference.relative = std::sqrt(squares / squares_a);
  }
};

}  // namespace

std::optional<TensorStats> stats_of(const TensorView& tensor) {
  if (!holds_weights(tensor.dtype)) return std::nullopt;
  Values values(tensor);
  Sums sums;
  for_blocks(element_count(tensor.shape), [&](uint64_t begin, size_t n) {
    for (const float x : values.at(begin, n)) sums.add(x, smallest_normal(tensor.dtype));
  });
  TensorStats stats = sums.finish();
  stats.histogram = histogram_of(values, element_count(tensor.shape), stats);
  return stats;
}

TensorDifference difference_of(const TensorView& a, const TensorView& b) {
  TensorDifference difference;
  difference.same_type = a.dtype == b.dtype && a.shape == b.shape;
  const bool weights = holds_weights(a.dtype) && holds_weights(b.dtype);
  if (a.shape != b.shape || (!weights && a.dtype != b.dtype)) return difference;
  difference.compared = true;
  if (!weights) {
    std::vector<std::byte> scratch_a, scratch_b;
    difference.n_different =
        std::ranges::equal(packed_bytes(a, scratch_a), packed_bytes(b, scratch_b)) ? 0 : 1;
    return difference;
  }
  Values all_a(a), all_b(b);
  DifferenceSums sums;
  const uint64_t n_values = element_count(a.shape);
  for_blocks(n_values, [&](uint64_t begin, size_t n) {
    const auto values_a = all_a.at(begin, n), values_b = all_b.at(begin, n);
    for (size_t i = 0; i < n; ++i) sums.add(values_a[i], values_b[i], difference);
  });
  sums.finish(n_values, difference);
  return difference;
}

}  // namespace rwkv
