// Errors of the tensors of a converted file against its source.
#pragma once
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "checkpoint/convert.h"
#include "formats/tensor_file.h"

namespace rwkv {

struct TensorError {
  std::string name;
  double max = 0,
         rms = 0;  // absolute; infinite where only one of two elements is finite, or shape or type differ
  // The bits are those of converting the source again; true when not asked, and for calibrated tensors.
  bool as_converted = true;
};

struct CompareOptions {
  bool verify = true;  // convert again and compare bits, except for calibrated tensors
  // Called with the bytes of each tensor in the result's file, in order; `tensor` is its index in the plan.
  std::function<void(size_t tensor, std::span<const std::byte> bytes)> stored = {};
};

// The errors of each tensor of the plan, in order. Error kFormat when the result has no such tensor.
std::vector<TensorError> compare(const ConversionPlan& plan, const TensorFile& result,
                                 const CompareOptions& options, const ProgressCallback& progress);
inline std::vector<TensorError> compare(const TensorFile& source, const TensorFile& result,
                                        const ProgressCallback& progress, size_t n_threads = 1) {
  return compare(plan_conversion(source, {.n_threads = n_threads}), result, {}, progress);
}

}  // namespace rwkv
