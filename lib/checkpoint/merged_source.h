// Matrices with adapters added.
#pragma once
#include <vector>

#include "checkpoint/adapter_kinds.h"
#include "tensor/tensor_view.h"

namespace rwkv {

// One adapter's change of one matrix.
struct MatrixChange {
  const AdapterKind* kind;
  std::vector<TensorView> parts;  // have the shapes that fit the matrix
  float scale = 1;
};

// The matrix, of floats or quantised, in f32 and with the change, which is recorded in origin.transforms.
TensorView changed(TensorView matrix, MatrixChange change, const std::string& what);

}  // namespace rwkv
