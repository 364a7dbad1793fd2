// What the command line of rwkv-convert says.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "checkpoint/plan.h"
#include "common/common_options.h"

namespace rwkv {

struct ConvertToolOptions : CommonOptions {
  std::string in, out;  // "-" is standard output; none of a dry run
  std::string report;   // empty: none
  bool to_gguf = false;
  std::string vocabulary;  // that the result remembers, and GGUF holds; empty: none
  std::string
      extracted;  // where the vocabulary inside `in` is written, and nothing else is done; empty: none
  bool check = false, dry_run = false;
  ConvertOptions convert;
};

// Nothing when --help and the like have been answered. Error kUsage.
std::optional<ConvertToolOptions> parse_convert_options(int argc, const char* const* argv);

}  // namespace rwkv
