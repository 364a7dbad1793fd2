// A tool's manual as a man page of section 1.
#pragma once
#include <span>
#include <string>

#include "common/command_line.h"

namespace rwkv {

// In roff, with the macros of man(7).
std::string man_page(const ToolText& tool, std::span<const BoundOption> options);

}  // namespace rwkv
