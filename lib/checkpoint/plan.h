// The plan of a conversion, made before any weight is read.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <regex>
#include <span>
#include <string>
#include <vector>

#include "checkpoint/merge.h"
#include "core/token.h"
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
  std::vector<TokenId> calibration = {};             // the text for calibrated rounding; empty: none
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
  bool calibrated = false;  // rounded for the inputs that the calibration text makes
};

// The key of calibration_mark() in the metadata of a file with calibrated tensors.
constexpr const char* kCalibrationKey = "rwkv.calibration";
std::string hash_of(std::span<const TokenId> ids);           // 16 hexadecimal digits
std::string calibration_mark(std::span<const TokenId> ids);  // "30000 ids, 0123456789abcdef"

// Keeps merged files open; the source must outlive it.
struct ConversionPlan {
  const TensorFile* source;
  std::unique_ptr<Merge> merge;
  std::vector<PlannedTensor> tensors = {};  // in the source's order, new ones at the end
  std::vector<std::string> dropped = {};    // their names
  std::map<std::string, std::string> metadata = {};
  std::vector<TokenId> calibration = {};
  size_t n_threads = 1;
  StopPredicate stop = {};
};

// Reads headers only. Error: as Merge and converted_spec; kUsage when a rule drops nothing, and when a
// calibration text is given with a merge or without a matrix to calibrate.
ConversionPlan plan_conversion(const TensorFile& source, const ConvertOptions& options);

}  // namespace rwkv
