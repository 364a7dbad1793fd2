#include "tensor/derived_view.h"

#include <cassert>
#include <memory>
#include <utility>

#include "tensor/cast.h"

namespace rwkv {
namespace {

class ComputedSource final : public TensorSource {
 public:
  ComputedSource(TensorView tensor, std::function<void(std::span<float>)> compute)
      : tensor_(std::move(tensor)), compute_(std::move(compute)) {}
  void read(uint64_t first, std::span<std::byte> out) const override {
    const std::span values(reinterpret_cast<float*>(out.data()), out.size() / sizeof(float));
    const size_t element_bytes = dtype_info(tensor_.dtype).bytes;
    std::vector<std::byte> scratch;
    if (tensor_.source != nullptr && tensor_.strides.empty()) {
      scratch.resize(values.size() * element_bytes);
      tensor_.source->read(tensor_.first + first, scratch);
      cast_elements(tensor_.dtype, scratch, DType::kF32, out);
    } else {
      const auto all = packed_bytes(tensor_, scratch);
      cast_elements(tensor_.dtype, all.subspan(first * element_bytes, values.size() * element_bytes),
                    DType::kF32, out);
    }
    compute_(values);
  }
  bool in_order() const override {
    return !tensor_.strides.empty() || (tensor_.source != nullptr && tensor_.source->in_order());
  }

 private:
  TensorView tensor_;
  std::function<void(std::span<float>)> compute_;
};

}  // namespace

TensorView transposed(TensorView tensor) {
  assert(tensor.shape.size() >= 2 && !is_laid_out(tensor));
  if (tensor.strides.empty()) tensor.strides = row_major_strides(tensor.shape);
  const size_t last = tensor.shape.size() - 1;
  std::swap(tensor.shape[last - 1], tensor.shape[last]);
  std::swap(tensor.strides[last - 1], tensor.strides[last]);
  if (tensor.strides == row_major_strides(tensor.shape)) tensor.strides.clear();
  tensor.origin.transforms.emplace_back("transposed");
  return tensor;
}

TensorView slice_of(const TensorView& tensor, uint64_t index) {
  assert(!tensor.shape.empty() && index < tensor.shape[0] && !is_laid_out(tensor));
  TensorView slice = tensor;
  slice.shape.erase(slice.shape.begin());
  uint64_t stride = element_count(slice.shape);
  if (!slice.strides.empty()) {
    stride = slice.strides.front();
    slice.strides.erase(slice.strides.begin());
    if (slice.strides == row_major_strides(slice.shape)) slice.strides.clear();
  }
  if (slice.source != nullptr) {
    slice.first += index * stride;
  } else if (!slice.bytes.empty()) {
    const uint64_t element_bytes = dtype_info(slice.dtype).bytes, extent = extent_of(slice);
    slice.bytes = slice.bytes.subspan(index * stride * element_bytes, extent * element_bytes);
  }
  slice.origin.transforms.push_back("part " + std::to_string(index + 1) + " of " +
                                    std::to_string(tensor.shape[0]));
  return slice;
}

TensorView reshaped(TensorView tensor, Shape shape) {
  assert(element_count(shape) == element_count(tensor.shape) && tensor.strides.empty() &&
         !is_laid_out(tensor));
  tensor.shape = std::move(shape);
  return tensor;
}

TensorView computed(TensorView tensor, std::function<void(std::span<float>)> compute, std::string what) {
  assert(dtype_info(tensor.dtype).is_float);
  TensorView result = tensor;
  result.dtype = DType::kF32;
  result.strides.clear();
  result.first = 0;
  result.origin.transforms.push_back(std::move(what));
  result.source = std::make_shared<ComputedSource>(std::move(tensor), std::move(compute));
  return result;
}

bool lies_transposed(const TensorView& tensor) {
  return tensor.source == nullptr && tensor.shape.size() == 2 &&
         tensor.strides == std::vector<uint64_t>{1, tensor.shape[0]};
}

}  // namespace rwkv
