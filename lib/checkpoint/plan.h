// The plan of a conversion, made before any weight is read.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "checkpoint/merge.h"
#include "formats/tensor_file.h"
#include "tensor/tensor_spec.h"

namespace rwkv {

struct KeepRule {
  std::regex names;  // searched anywhere in a tensor's name
  DType dtype;
};

struct DropRule {
  std::regex names;
  std::string text;  // the expression as text
};

struct ConvertOptions {
  std::optional<DType> dtype = {};  // one that has products; nothing: each tensor keeps its own
  // Wide matrices by rows (kOutIn) or packed (kTiles); nothing: packed when `dtype` is quantised.
  std::optional<Layout> layout = {};
  std::vector<KeepRule> keep = {};                   // the first rule that matches overrides `dtype`
  std::vector<DropRule> drop = {};                   // tensors that are left out
  MergeOptions merge = {};                           // what is merged into the checkpoint
  std::map<std::string, std::string> metadata = {};  // added to the source's metadata, which it overrides
  size_t n_threads = 1;                              // for packing and quantising
  StopPredicate stop = {};                           // ends the wait for a pipe's reader
};

// How a tensor is written. Integers and booleans keep their type; vectors and other small tensors are never
// quantised. Packed or quantised matrices:
//   large matrices of att and ffn, and the head: tiles
//   low-rank matrices: turned tiles, at least q8
//   ffn.value, most of whose inputs relu² sets to zero: lines
//   emb and ffn.s_emb, of which a row is read for each token: rows, at least q8
// A quantised tensor for which nothing is wanted is copied; Error kUnsupported if `layout` is kOutIn.
TensorSpec converted_spec(const TensorView& tensor, const ConvertOptions& options);

struct PlannedTensor {
  TensorView source;
  TensorSpec spec;
};

// Keeps merged files open; the source must outlive it.
struct ConversionPlan {
  const TensorFile* source;
  std::unique_ptr<Merge> merge;
  std::vector<PlannedTensor> tensors = {};  // in the source's order, new ones at the end
  std::vector<std::string> dropped = {};    // their names
  std::map<std::string, std::string> metadata = {};
  size_t n_threads = 1;
  StopPredicate stop = {};
};

// Reads headers only. Error: as Merge and converted_spec; kUsage when a rule drops nothing.
ConversionPlan plan_conversion(const TensorFile& source, const ConvertOptions& options);

}  // namespace rwkv
