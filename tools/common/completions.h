// Shells' completions for a tool.
#pragma once
#include <span>
#include <string>

#include "common/command_line.h"

namespace rwkv {

std::string bash_completion(const ToolText& tool, std::span<const BoundOption> options);
std::string zsh_completion(const ToolText& tool, std::span<const BoundOption> options);
std::string fish_completion(const ToolText& tool, std::span<const BoundOption> options);

}  // namespace rwkv
