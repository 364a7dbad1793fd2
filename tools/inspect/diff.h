// Two checkpoints, tensor by tensor.
#pragma once
#include <ostream>

#include "formats/tensor_file.h"

namespace rwkv {

// Prints a row for each tensor that differs or that only one has: the largest and the rms difference, the
// latter also relative to the rms of a; and a line with the largest of all. Nothing when all are the same. As
// JSON: one object. The order of tensors, the formats of the files and metadata do not count. Returns whether
// they are the same.
bool print_difference(std::ostream& out, const TensorFile& a, const TensorFile& b, bool as_json);

}  // namespace rwkv
