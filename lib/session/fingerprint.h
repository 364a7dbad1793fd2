// Tells one model from another.
#pragma once
#include <string>

#include "formats/tensor_file.h"

namespace rwkv {

// 16 hexadecimal digits: a hash over every tensor's name, dtype, shape and a few of its values, whatever the
// order of tensors, the file's format and dimensions of 1. So a checkpoint and its conversion without a
// change of dtype are equal; so are models that differ only in other values. Reads a few pages a tensor.
std::string fingerprint(const TensorFile& file);

}  // namespace rwkv
