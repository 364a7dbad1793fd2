// Converts any checkpoint to safetensors, with the wanted dtypes and layouts.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "checkpoint/plan.h"

namespace rwkv {

using ProgressCallback = std::function<void(uint64_t done_bytes, uint64_t total_bytes)>;  // may throw to stop

struct ConvertSummary {
  size_t n_tensors = 0;
  uint64_t bytes = 0;             // of tensors written
  uint64_t n_overflowed = 0;      // finite elements that became infinite
  std::string overflowed_tensor;  // the first with such an element
};

// Writes `target` whole or not at all; the same input gives the same bytes for any threads. Memory: blocks of
// a few megabytes, and a whole tensor where the order of its elements changes. Calls `progress` after each
// block. Error kFormat: a weight cannot be quantised.
ConvertSummary convert(const ConversionPlan& plan, const std::filesystem::path& target,
                       const ProgressCallback& progress);
inline ConvertSummary convert(const TensorFile& source, const std::filesystem::path& target,
                              const ConvertOptions& options, const ProgressCallback& progress) {
  return convert(plan_conversion(source, options), target, progress);
}

}  // namespace rwkv
