// Any checkpoint to safetensors, with the element types and layouts that are wanted.
#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "formats/safetensors_writer.h"
#include "formats/tensor_file.h"

namespace rwkv {

using ProgressCallback = std::function<void(uint64_t done_bytes, uint64_t total_bytes)>;  // may throw to stop

struct KeepRule {
  std::regex names;  // found anywhere in a tensor's name
  DType dtype;
};

struct ConvertOptions {
  std::optional<DType> dtype = {};  // with products; nothing: each tensor keeps its own
  // Wide matrices by rows (kOutIn) or packed (kTiles); nothing: packed when `dtype` is quantised.
  std::optional<Layout> layout = {};
  std::vector<KeepRule> keep = {};                   // the first that matches goes before `dtype`
  std::map<std::string, std::string> metadata = {};  // beside, and before, what the source has
  size_t n_threads = 1;                              // that pack and quantise
};

struct ConvertSummary {
  size_t n_tensors = 0;
  uint64_t bytes = 0;             // of tensors written
  uint64_t n_overflowed = 0;      // finite elements that became infinite
  std::string overflowed_tensor;  // the first that holds one
};

// How a tensor is written. Integers and booleans keep their type; so do, instead of being quantised, vectors
// and all else that is small. Of the rest, packed or quantised,
//   the large matrices of att and ffn, and the head   are in tiles,
//   low-rank matrices   are in turned tiles, and never less than q8,
//   ffn.value, most of whose inputs relu² leaves at zero   is in lines,
//   emb and ffn.s_emb, of which a row is read for each token,   are by rows, and never less than q8.
// A quantised tensor for which nothing is wanted stays as it is; Error kUnsupported if `layout` is kOutIn.
TensorSpec converted_spec(const TensorView& tensor, const ConvertOptions& options);

// Writes `target` whole or not at all; the same input gives the same bytes, whatever the threads. Memory:
// blocks of a few megabytes, and the tensor itself where its elements change their order. `progress` is
// called after each block. Error kFormat: a weight cannot be quantised.
ConvertSummary convert(const TensorFile& source, const std::filesystem::path& target,
                       const ConvertOptions& options, const ProgressCallback& progress);

}  // namespace rwkv
