// How far the tensors of a converted file are from those of its source.
#pragma once
#include <string>
#include <vector>

#include "checkpoint/convert.h"
#include "formats/tensor_file.h"

namespace rwkv {

struct TensorError {
  std::string name;
  double max = 0,
         mean = 0;  // absolute; infinite where only one of two elements is finite, or shape or type differ
  bool as_converted = true;  // every bit is what converting the source gives
};

// Of each tensor of the source, in its order. Error kFormat when the result lacks one.
std::vector<TensorError> compare(const TensorFile& source, const TensorFile& result,
                                 const ProgressCallback& progress, size_t n_threads = 1);

}  // namespace rwkv
