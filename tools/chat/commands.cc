#include "chat/commands.h"

#include <algorithm>
#include <vector>

#include "common/option.h"
#include "common/row_names.h"
#include "core/error.h"
#include "core/printable.h"

namespace rwkv {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

enum class Argument : uint8_t { kNone, kMay, kMust };

struct Row {
  CommandKind kind;
  std::string_view name, value, help;
  Argument argument = Argument::kNone;
};
constexpr Row kRows[] = {
    {CommandKind::kHelp, "/help", "", "list the commands"},
    {CommandKind::kReset, "/reset", "", "begin anew"},
    {CommandKind::kUndo, "/undo", "", "take the last message and its answer back, or a /reset or /load"},
    {CommandKind::kRetry, "/retry", "", "another answer to the last message"},
    {CommandKind::kSave, "/save", " FILE", "save the conversation", Argument::kMust},
    {CommandKind::kLoad, "/load", " FILE", "continue from a state, or begin from a tuned one",
     Argument::kMust},
    {CommandKind::kSystem, "/system", " [TEXT]", "begin anew, with this text in front", Argument::kMay},
    {CommandKind::kThink, "/think", " [HOW]", "no, short, normal or long; without HOW as the template has it",
     Argument::kMay},
    {CommandKind::kStats, "/stats", "", "tokens so far; speeds, seed and end of the last answer"},
};

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  return text.substr(0, text.find_last_not_of(kSpace) + 1);
}

[[noreturn]] void fail(const std::string& message) { throw Error(ErrorKind::kUsage, message); }

const Row& row_of(std::string_view name) {
  for (const Row& row : kRows) {
    if (row.name == name) return row;
  }
  fail("unknown command '" + printable(name) + "'" + did_you_mean(name, row_names(kRows)) +
       " (a message that begins with / wants a space in front)");
}

}  // namespace

Command parse_command(std::string_view line) {
  const size_t end = std::min(line.find_first_of(kSpace), line.size());
  const Row& row = row_of(line.substr(0, end));
  const std::string_view argument = trimmed(line.substr(end));
  const std::string usage = std::string(row.name) + std::string(row.value);
  if (row.argument == Argument::kNone && !argument.empty())
    fail(std::string(row.name) + " takes nothing more");
  if (row.argument == Argument::kMust && argument.empty()) fail("want " + usage);
  return {row.kind, std::string(argument)};
}

std::string commands_text() {
  constexpr size_t kHelpAt = 18;
  std::string text;
  for (const Row& row : kRows) {
    std::string line = "  " + std::string(row.name) + std::string(row.value);
    line.resize(kHelpAt, ' ');
    text += line.append(row.help) + "\n";
  }
  return text;
}

}  // namespace rwkv
