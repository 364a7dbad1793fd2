// Views of views: undo what another program did to a tensor, without copying elements.
#pragma once
#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "tensor/tensor_view.h"

namespace rwkv {

// Each may be applied to the result of another, and records itself in origin.transforms. The tensor must be
// in plain rows (not laid out).

// Exchanges the last two dimensions; there must be at least two.
TensorView transposed(TensorView tensor);
// Element `index` of the first dimension: a tensor of the others.
TensorView slice_of(const TensorView& tensor, uint64_t index);
// Another shape with as many elements, row-major. The tensor must have no strides.
TensorView reshaped(TensorView tensor, Shape shape);
// The elements, as f32, after `compute`, which gets runs of any length. `what` goes into transforms.
TensorView computed(TensorView tensor, std::function<void(std::span<float>)> compute, std::string what);

// Whether `bytes` are the elements of the transpose, in order: a matrix that was transposed.
bool lies_transposed(const TensorView& tensor);

}  // namespace rwkv
