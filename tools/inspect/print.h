// The output of rwkv-inspect.
#pragma once
#include <filesystem>
#include <optional>
#include <ostream>
#include <string>

#include "inspect/facts.h"
#include "inspect/tensor_table.h"

namespace rwkv {

struct PrintOptions {
  bool json = false;     // one object a file, on a line
  bool tensors = false;  // list them
  bool stats = false;    // with facts about their values
  TensorOrder order = TensorOrder::kFile;
  std::filesystem::path plot = {};  // a picture of all values, unless empty
  // Adds a table of all dtypes, with the tokens a second that this many GB/s of memory allow.
  std::optional<double> read_gb_per_s = {};
};

// `file` is null for a vocabulary.
void print_file(std::ostream& out, const FileFacts& facts, const TensorFile* file,
                const PrintOptions& options);

// "12.3 MB"
std::string size_text(uint64_t bytes);
// The tokens a second that reading the weights allows.
double tokens_per_s(const Footprint& footprint, double read_gb_per_s);

}  // namespace rwkv
