// Facts about a file, for rwkv-inspect.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/footprint.h"
#include "formats/tensor_file.h"
#include "model/model_info.h"
#include "session/state_file.h"

namespace rwkv {

struct DTypeUse {
  uint64_t tensors = 0, bytes = 0;
};

struct MemoryNeed {
  std::string dtype;  // "as stored", or the dtype of a conversion
  Footprint footprint;
};

struct FileFacts {
  std::string path;
  // "model", "adapter", "state", "tuned state", "state of the rwkv package", "tensors" (of no known model),
  // "vocabulary"
  std::string kind;
  std::string
      format;  // "safetensors", "PyTorch zip" ...; of a vocabulary its kind: "World", "byte-level BPE"
  uint64_t file_bytes = 0;
  std::string naming;       // whose names the file uses; empty: BlinkDL's
  std::string maker;        // the program that wrote the file, if known
  std::string adapter;      // of an adapter: "LoRA, rank 8"
  std::string state_order;  // of a tuned state: the order of its last two dimensions

  std::optional<ModelInfo> model;
  std::string not_a_model;         // why not, for the kind "tensors"
  std::string problem;             // why the model is refused, or a warning about it
  std::string tokenizer;           // the one that fits the model
  uint64_t state_bytes = 0;        // of one sequence
  std::vector<MemoryNeed> memory;  // of a model: as stored first

  std::optional<StateInfo> state;
  Shape tuned_state;  // of a tuned state: layers, heads, head size, head size

  uint64_t parameters = 0, n_tensors = 0;
  std::map<std::string, DTypeUse> dtypes;
  std::map<std::string, std::string> metadata;

  std::optional<uint64_t> vocab_size;  // of a vocabulary
};

// Reads headers, vectors and the beginnings of matrices. Error naming the file when its kind is
// unknown.
FileFacts facts_of(const TensorFile& file);
FileFacts facts_of_vocabulary(const std::string& path);

}  // namespace rwkv
