// Views of views: what another program did to a tensor is undone without copying an element.
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "tensor/tensor_view.h"

namespace rwkv {

// Each may be applied to the result of another, and tells what it did in origin.transforms. No tensor may be
// laid out.

// The last two dimensions exchanged, of at least two.
TensorView transposed(TensorView tensor);
// Element `index` of the first dimension: a tensor of the others.
TensorView slice_of(const TensorView& tensor, uint64_t index);
// In another shape of as many elements, row-major. The tensor has no strides.
TensorView reshaped(TensorView tensor, Shape shape);
// What `compute` makes of the elements, any run of them at a time, as f32. `what` goes into the transforms.
TensorView computed(TensorView tensor, std::function<void(std::span<float>)> compute, std::string what);

// Whether `bytes` are those of the transpose, one element after the other: a matrix that was transposed.
bool lies_transposed(const TensorView& tensor);

}  // namespace rwkv
