// Matrices with adapters added.
#pragma once
#include <vector>

#include "checkpoint/adapter_kinds.h"
#include "tensor/tensor_view.h"

namespace rwkv {

// What one adapter adds to one matrix.
struct MatrixChange {
  const AdapterKind* kind;
  std::vector<TensorView> parts;  // that fit the matrix
  float scale = 1;
};

// The matrix, of floats or quantised, in f32, with the change. What was done goes into origin.transforms.
TensorView changed(TensorView matrix, MatrixChange change, const std::string& what);

}  // namespace rwkv
