// The output of rwkv-convert --report; docs/formats.md lists the keys.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "checkpoint/compare.h"
#include "checkpoint/plan.h"

namespace rwkv {

// Facts about the plan's tensors from reading the result; empty in a dry run, which has no output.
struct ReadBack {
  std::vector<TensorError> errors;
  std::vector<std::string> sha256;
};

// Reads the result back. Without `hash` computes no digests; without `verify` does not convert again, and
// every tensor counts as converted.
ReadBack read_back(const ConversionPlan& plan, const std::filesystem::path& output, bool verify, bool hash,
                   const ProgressCallback& progress);

// A JSON object with a line for each tensor.
std::string receipt_text(const ConversionPlan& plan, const std::filesystem::path& output,
                         const ReadBack& result);

// Bits that a weight takes: bytes * 8 / n.
double bits_a_weight(uint64_t bytes, uint64_t n_weights);

}  // namespace rwkv
