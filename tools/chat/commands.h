// What lines that begin with a slash ask rwkv-chat to do.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace rwkv {

enum class CommandKind : uint8_t { kHelp, kReset, kUndo, kRetry, kSave, kLoad, kSystem, kThink, kStats };

struct Command {
  CommandKind kind;
  std::string argument;  // empty: none
};

// Error kUsage: not a command, then the nearest one is named; an argument too many, or none where one must
// be.
Command parse_command(std::string_view line);

// All commands, a line each.
std::string commands_text();

}  // namespace rwkv
