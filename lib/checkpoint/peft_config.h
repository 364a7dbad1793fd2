// adapter_config.json, which the package PEFT writes beside an adapter.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace rwkv {

struct PeftConfig {
  std::optional<double> alpha;                  // lora_alpha
  std::map<std::string, double> alpha_pattern;  // by the end of a module's name; goes before `alpha`
  bool rank_stabilised = false;                 // use_rslora: alpha / sqrt(r), not alpha / r
  bool mini = false;                            // MiSS whose tensors may be narrower than the outputs

  std::optional<double> alpha_of(std::string_view module) const;
};

// Error kFormat: not a file of PEFT; kUnsupported: a setting that changes the meaning of tensors, such as
// DoRA, and that this library does not implement.
PeftConfig parse_peft_config(std::string_view json);

}  // namespace rwkv
