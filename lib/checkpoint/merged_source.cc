#include "checkpoint/merged_source.h"

#include <algorithm>
#include <memory>

#include "tensor/cast.h"
#include "tensor/pack.h"

namespace rwkv {
namespace {

AdapterPart part_of(const TensorView& tensor) {
  AdapterPart part{tensor.shape, std::vector<float>(element_count(tensor.shape))};
  std::vector<std::byte> scratch;
  cast_elements(tensor.dtype, packed_bytes(tensor, scratch), DType::kF32,
                std::as_writable_bytes(std::span(part.values)));
  return part;
}

class MergedSource final : public TensorSource {
 public:
  MergedSource(TensorView matrix, MatrixChange change)
      : matrix_(std::move(matrix)), change_(std::move(change)) {}

  // Whole rows are made, and of the first and the last only what is wanted is kept.
  void read(uint64_t first, std::span<std::byte> out) const override {
    const uint64_t inputs = matrix_.shape[1], n = out.size() / sizeof(float);
    const uint64_t first_row = first / inputs, end_row = (first + n + inputs - 1) / inputs;
    std::vector<float> values((end_row - first_row) * inputs);
    read_rows(first_row, values);
    std::vector<AdapterPart> parts;
    for (const TensorView& part : change_.parts) parts.push_back(part_of(part));
    change_.kind->add(parts, change_.scale, {first_row, inputs, values});
    const auto wanted = std::span(values).subspan(first - first_row * inputs, n);
    std::ranges::copy(std::as_bytes(wanted), out.begin());
  }

  bool in_order() const override {
    return !matrix_.strides.empty() || (matrix_.source != nullptr && matrix_.source->in_order());
  }

 private:
  void read_rows(uint64_t first, std::span<float> values) const {
    const uint64_t inputs = matrix_.shape[1];
    if (is_laid_out(matrix_)) return unpack_rows(matrix_, first, values.size() / inputs, values);
    const size_t element_bytes = dtype_info(matrix_.dtype).bytes;
    std::vector<std::byte> scratch;
    std::span<const std::byte> stored;
    if (matrix_.source != nullptr && matrix_.strides.empty()) {
      scratch.resize(values.size() * element_bytes);
      matrix_.source->read(matrix_.first + first * inputs, scratch);
      stored = scratch;
    } else {
      stored = packed_bytes(matrix_, scratch)
                   .subspan(first * inputs * element_bytes, values.size() * element_bytes);
    }
    cast_elements(matrix_.dtype, stored, DType::kF32, std::as_writable_bytes(values));
  }

  TensorView matrix_;
  MatrixChange change_;
};

}  // namespace

TensorView changed(TensorView matrix, MatrixChange change, const std::string& what) {
  TensorView result = matrix;
  result.dtype = DType::kF32;
  result.layout = Layout::kOutIn;
  result.strides.clear();
  result.first = 0;
  result.origin.transforms.push_back(what);
  result.source = std::make_shared<MergedSource>(std::move(matrix), std::move(change));
  return result;
}

}  // namespace rwkv
