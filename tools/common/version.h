// Which build of the toolkit this is.
#pragma once
#include <string>

#include "common/command_line.h"

namespace rwkv {

// A line: name, version, commit, compiler, and SIMD target where the tool computes.
std::string version_text(const ToolText& tool);

}  // namespace rwkv
