// What rwkv-convert --report writes; docs/formats.md lists the keys.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "checkpoint/compare.h"
#include "checkpoint/plan.h"

namespace rwkv {

// What reading the result back has told of the plan's tensors; empty of a dry run, which has no output.
struct ReadBack {
  std::vector<TensorError> errors;
  std::vector<std::string> sha256;
};

// Reads the result back. Without `hash` there are no digests; without `verify` the tensors are not converted
// again, and all count as converted.
ReadBack read_back(const ConversionPlan& plan, const std::filesystem::path& output, bool verify, bool hash,
                   const ProgressCallback& progress);

// A JSON object with a line for each tensor.
std::string receipt_text(const ConversionPlan& plan, const std::filesystem::path& output,
                         const ReadBack& result);

// Bits that a weight takes: bytes * 8 / n.
double bits_a_weight(uint64_t bytes, uint64_t n_weights);

}  // namespace rwkv
