// A tensor to be written: what its bytes will hold.
#pragma once
#include <cstdint>
#include <string>

#include "tensor/dtype.h"
#include "tensor/packed_layout.h"

namespace rwkv {

struct TensorSpec {
  std::string name;  // unique
  DType dtype;
  Shape shape;
  Layout layout = Layout::kOutIn;
};

inline bool is_laid_out(const TensorSpec& tensor) { return is_laid_out(tensor.dtype, tensor.layout); }
uint64_t byte_size(const TensorSpec& tensor);  // Error kFormat on overflow

}  // namespace rwkv
