// What a conversion is to write, known before a weight is read.
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
  std::regex names;  // found anywhere in a tensor's name
  DType dtype;
};

struct DropRule {
  std::regex names;
  std::string text;  // of the expression
};

struct ConvertOptions {
  std::optional<DType> dtype = {};  // with products; nothing: each tensor keeps its own
  // Wide matrices by rows (kOutIn) or packed (kTiles); nothing: packed when `dtype` is quantised.
  std::optional<Layout> layout = {};
  std::vector<KeepRule> keep = {};                   // the first that matches goes before `dtype`
  std::vector<DropRule> drop = {};                   // tensors that are left out
  MergeOptions merge = {};                           // what is put in
  std::map<std::string, std::string> metadata = {};  // beside, and before, what the source has
  size_t n_threads = 1;                              // that pack and quantise
  StopPredicate stop = {};                           // ends the wait for the reader of a pipe
};

// How a tensor is written. Integers and booleans keep their type; so do, instead of being quantised, vectors
// and all else that is small. Of the rest, packed or quantised,
//   the large matrices of att and ffn, and the head   are in tiles,
//   low-rank matrices   are in turned tiles, and never less than q8,
//   ffn.value, most of whose inputs relu² leaves at zero   is in lines,
//   emb and ffn.s_emb, of which a row is read for each token,   are by rows, and never less than q8.
// A quantised tensor for which nothing is wanted stays as it is; Error kUnsupported if `layout` is kOutIn.
TensorSpec converted_spec(const TensorView& tensor, const ConvertOptions& options);

struct PlannedTensor {
  TensorView source;
  TensorSpec spec;
};

// Keeps what is merged open; the source must outlive it.
struct ConversionPlan {
  const TensorFile* source;
  std::unique_ptr<Merge> merge;
  std::vector<PlannedTensor> tensors = {};  // in the source's order, what is new at the end
  std::vector<std::string> dropped = {};    // names
  std::map<std::string, std::string> metadata = {};
  size_t n_threads = 1;
  StopPredicate stop = {};
};

// Reads headers only. Error: as Merge, as converted_spec; kUsage when a rule drops nothing.
ConversionPlan plan_conversion(const TensorFile& source, const ConvertOptions& options);

}  // namespace rwkv
