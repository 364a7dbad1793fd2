// The text of --help.
#pragma once
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "common/command_line.h"

namespace rwkv {

inline constexpr size_t kHelpColumns = 80;

// Usage, examples, and options in groups: one line for each prominent option, names only for the others. At
// most kHelpColumns wide; a test limits the tools' texts to 40 lines.
std::string help_text(const ToolText& tool, std::span<const BoundOption> options);

// The options by groups, in the order of each group's first option.
using OptionGroups = std::vector<std::pair<std::string_view, std::vector<const OptionInfo*>>>;
OptionGroups grouped(std::span<const BoundOption> options);
// "-n, --tokens", then " N" if it takes a value.
std::string spelling(const OptionInfo& option);
// The lines of a text.
std::vector<std::string_view> lines_of(std::string_view text);

}  // namespace rwkv
