// adapter_config.json, which the package PEFT writes beside an adapter.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text/regex.h"

namespace rwkv {

struct PeftConfig {
  std::optional<double> alpha;  // lora_alpha
  // Goes before `alpha`: the first whose expression matches a module's name, or its end behind a dot.
  std::vector<std::pair<Regex, double>> alpha_pattern;
  bool rank_stabilised = false;  // use_rslora: alpha / sqrt(r), not alpha / r
  bool mini = false;             // MiSS whose tensors may be narrower than the outputs

  // Error kFormat: an expression takes too long.
  std::optional<double> alpha_of(std::string_view module) const;
};

// Error kFormat: not a file of PEFT; kUnsupported: a setting that changes the meaning of tensors, such as
// DoRA, and that this library does not implement.
PeftConfig parse_peft_config(std::string_view json);

}  // namespace rwkv
