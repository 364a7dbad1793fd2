#include "tensor/tensor_spec.h"

namespace rwkv {

uint64_t byte_size(const TensorSpec& tensor) {
  if (!is_laid_out(tensor)) return checked_byte_size(tensor.dtype, tensor.shape);
  const PlainForm plain = plain_form(tensor.dtype, tensor.layout, tensor.shape.at(0), tensor.shape.at(1));
  return checked_byte_size(plain.dtype, plain.shape);
}

}  // namespace rwkv
