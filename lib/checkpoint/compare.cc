#include "checkpoint/compare.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "checkpoint/block_walk.h"
#include "formats/ggml_types.h"
#include "tensor/cast.h"
#include "tensor/pack.h"

namespace rwkv {
namespace {

using Bytes = std::span<const std::byte>;

constexpr size_t kCompareElements = 1 << 12;  // widened to double at a time, so that they stay in the cache
constexpr double kInfinity = std::numeric_limits<double>::infinity();

double distance(double a, double b) {
  const double d = std::abs(a - b);
  if (!std::isnan(d)) return d;
  return a == b || (std::isnan(a) && std::isnan(b)) ? 0 : kInfinity;
}

// Other programs' files flatten what is no matrix, or leave its dimensions of 1 out.
bool same_elements(const Shape& a, const Shape& b) {
  const auto without_ones = [](Shape shape) {
    std::erase(shape, 1);
    return shape;
  };
  const Shape x = without_ones(a), y = without_ones(b);
  return x == y || (element_count(a) == element_count(b) && std::min(x.size(), y.size()) <= 1);
}

// The tensor as `bytes` alone, which hold until `scratch` is changed.
TensorView plain_view(const TensorView& tensor, std::vector<std::byte>& scratch, ThreadPool& pool) {
  if (is_laid_out(tensor) || tensor.packed()) return tensor;
  TensorView plain{tensor.name, tensor.dtype, tensor.shape, packed_bytes(tensor, scratch, &pool)};
  plain.origin = tensor.origin;
  return plain;
}

struct Elements {
  DType dtype;  // of floats
  Bytes bytes;

  size_t count() const { return bytes.size() / dtype_info(dtype).bytes; }
  void widen(size_t begin, std::span<double> to) const {
    const size_t element_bytes = dtype_info(dtype).bytes;
    cast_elements(dtype, bytes.subspan(begin * element_bytes, to.size() * element_bytes), DType::kF64,
                  std::as_writable_bytes(to));
  }
};

struct Distances {
  double max = 0, squares = 0;

  void add(double d) {
    max = std::max(max, d);
    squares += d * d;
  }
  void add(const Elements& a, const Elements& b) {
    std::array<double, kCompareElements> values_a, values_b;
    for (size_t begin = 0; begin < a.count(); begin += kCompareElements) {
      const size_t n = std::min(kCompareElements, a.count() - begin);
      a.widen(begin, std::span(values_a).first(n));
      b.widen(begin, std::span(values_b).first(n));
      for (size_t i = 0; i < n; ++i) add(distance(values_a[i], values_b[i]));
    }
  }
};

// Compares tensor by tensor; keeps its buffers.
class Comparison {
 public:
  Comparison(const ConversionPlan& plan, const TensorFile& result, const CompareOptions& options,
             const ProgressCallback& progress)
      : result_(result), options_(options), pool_(plan.n_threads), walk_(plan, progress, pool_) {}

  TensorError compare(size_t index, const PlannedTensor& planned, const TensorView& stored) {
    const TensorView& source = planned.source;
    index_ = index;
    verify_ = options_.verify && !planned.calibrated;
    const TensorView result = plain_view(stored, scratch_, pool_);
    is_made_ = result.bytes.data() != stored.bytes.data();
    blocks_ = find_ggml_type(stored.origin.type);
    const bool same_form = source.dtype == result.dtype && source.layout == result.layout;
    const bool comparable = same_form || (holds_weights(source.dtype) && holds_weights(result.dtype));
    TensorError error{.name = source.name};
    if (!same_elements(source.shape, result.shape) || !comparable) {
      error.max = error.rms = kInfinity;
      error.as_converted = false;
      return error;
    }
    const bool plain = !is_laid_out(source) && !is_laid_out(result);
    const Distances distances = plain ? compare_plain(source, result, error.as_converted)
                                      : compare_packed(source, result, error.as_converted);
    if (is_made_ && options_.stored) options_.stored(index_, stored.bytes);
    result_.release(stored.bytes);
    error.max = distances.max;
    const auto n_elements = static_cast<double>(std::max<uint64_t>(1, element_count(source.shape)));
    error.rms = std::sqrt(distances.squares / n_elements);
    return error;
  }

 private:
  Distances compare_plain(const TensorView& source, const TensorView& result, bool& as_converted) {
    const size_t source_bytes = dtype_info(source.dtype).bytes, result_bytes = dtype_info(result.dtype).bytes;
    Distances distances;
    walk_.for_each_block(source, [&](Bytes block, size_t first) {
      const auto stored =
          result.bytes.subspan(first * result_bytes, block.size() / source_bytes * result_bytes);
      const bool whole = verify_ || !holds_weights(source.dtype);
      const bool same = !whole || std::ranges::equal(converted(source.dtype, block, result.dtype), stored);
      as_converted = as_converted && same;
      if (holds_weights(source.dtype)) distances.add({source.dtype, block}, {result.dtype, stored});
      if (!holds_weights(source.dtype) && !same) distances.add(kInfinity);
      walk_.release(block);
      finish(stored);
    });
    return distances;
  }

  Bytes converted(DType from, Bytes block, DType to) {
    if (from == to && blocks_ == nullptr) return block;
    expected_.resize(block.size() / dtype_info(from).bytes * dtype_info(to).bytes);
    cast_elements(from, block, to, expected_);
    go_through_blocks();
    return expected_;
  }

  // What is expected is stored in blocks: rounded as they round.
  void go_through_blocks() {
    if (blocks_ == nullptr) return;
    const std::span elements(reinterpret_cast<float*>(expected_.data()), expected_.size() / sizeof(float));
    encoded_.resize(elements.size() / blocks_->block_elements * blocks_->block_bytes);
    encode_q8_0(elements, encoded_);
    decode_ggml(*blocks_, encoded_, 0, elements);
  }

  Distances compare_packed(const TensorView& source, const TensorView& result, bool& as_converted) {
    const Strips strips = strips_of(result.dtype, result.layout, result.shape);
    Distances distances;
    walk_.for_each_strips(source, strips, [&](const TensorView& matrix, uint64_t first, uint64_t n) {
      const auto stored = result.bytes.subspan(first * strips.bytes, n * strips.bytes);
      as_converted = as_converted &&
                     (!verify_ || std::ranges::equal(packed(matrix, result, first, stored.size()), stored));
      const Slices slices = slices_of_strips(result.dtype, result.layout, result.shape, first, n);
      unpacked(matrix, slices, source_values_);
      unpacked(result, slices, result_values_);
      distances.add({DType::kF64, std::as_bytes(std::span(source_values_))},
                    {DType::kF64, std::as_bytes(std::span(result_values_))});
      finish(stored);
    });
    return distances;
  }

  void finish(Bytes stored) {
    if (is_made_) return;
    if (options_.stored) options_.stored(index_, stored);
    result_.release(stored);
  }

  Bytes packed(const TensorView& matrix, const TensorView& result, uint64_t first, size_t n_bytes) {
    const bool same_form = matrix.dtype == result.dtype && matrix.layout == result.layout;
    if (same_form)
      return matrix.bytes.subspan(first * strips_of(matrix.dtype, matrix.layout, matrix.shape).bytes,
                                  n_bytes);
    expected_.resize(n_bytes);
    pack_strips(matrix, result.dtype, result.layout, first, expected_, pool_);
    go_through_blocks();
    return expected_;
  }

  static void unpacked(const TensorView& matrix, const Slices& slices, std::vector<double>& values) {
    values.resize(slices.count * matrix.shape[slices.columns ? 0 : 1]);
    unpack(matrix, slices, DType::kF64, std::as_writable_bytes(std::span(values)));
  }

  const TensorFile& result_;
  CompareOptions options_;
  ThreadPool pool_;
  BlockWalk walk_;
  size_t index_ = 0;                  // of the tensor in the plan
  bool verify_ = true;                // the tensor is converted again
  bool is_made_ = false;              // what is compared, of other bytes in the file
  const GgmlType* blocks_ = nullptr;  // that those are: Q8_0, the only one that is written
  std::vector<std::byte> scratch_, expected_, encoded_;
  std::vector<double> source_values_, result_values_;
};

}  // namespace

std::vector<TensorError> compare(const ConversionPlan& plan, const TensorFile& result,
                                 const CompareOptions& options, const ProgressCallback& progress) {
  std::vector<TensorError> errors;
  Comparison comparison(plan, result, options, progress);
  for (size_t i = 0; i < plan.tensors.size(); ++i) {
    const PlannedTensor& tensor = plan.tensors[i];
    errors.push_back(comparison.compare(i, tensor, result.at(tensor.spec.name)));
  }
  return errors;
}

}  // namespace rwkv
