// Identifies this build of the toolkit.
#pragma once
#include <string>

#include "common/command_line.h"

namespace rwkv {

// One line: name, version, commit, compiler, and for tools that compute the SIMD target.
std::string version_text(const ToolText& tool);

}  // namespace rwkv
