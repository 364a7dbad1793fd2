// The options of rwkv-convert.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/plan.h"
#include "common/common_options.h"

namespace rwkv {

struct ConvertToolOptions : CommonOptions {
  std::string in, out;  // "-" is standard output; empty in a dry run
  std::string report;   // empty: none
  bool to_gguf = false;
  std::string vocabulary;   // recorded in the result, and stored in GGUF; empty: none
  std::string extracted;    // where to write the vocabulary inside `in`, as the only output; empty: none
  std::string calibration;  // file of a text, or of ids when no vocabulary is given; empty: none
  bool check = false, dry_run = false;
  ConvertOptions convert;
};

// Nothing when --help or the like was answered. Error kUsage.
std::optional<ConvertToolOptions> parse_convert_options(int argc, const char* const* argv);

}  // namespace rwkv
