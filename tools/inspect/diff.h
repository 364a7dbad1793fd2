// Compares two checkpoints, tensor by tensor.
#pragma once
#include <ostream>

#include "formats/tensor_file.h"

namespace rwkv {

// Prints a row for each tensor that differs or is in one file only: the largest and the rms difference, the
// latter also relative to the rms of a; then a line with the largest of all. Prints nothing when all are
// equal. As JSON: one object. Ignores the order of tensors, the files' formats and metadata. Returns whether
// the files are equal.
bool print_difference(std::ostream& out, const TensorFile& a, const TensorFile& b, bool as_json);

}  // namespace rwkv
