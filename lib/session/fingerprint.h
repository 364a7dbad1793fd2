// Tells one model from another.
#pragma once
#include <string>

#include "formats/tensor_file.h"

namespace rwkv {

// 16 hexadecimal digits: a hash over every tensor's name, dtype, shape and a few of its values. The order of
// the tensors, the format of the file and dimensions of 1 do not matter, so that a checkpoint and its
// conversion without a change of dtype are one model. Reads a few pages a tensor, whatever its size.
std::string fingerprint(const TensorFile& file);

}  // namespace rwkv
