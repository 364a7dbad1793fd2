#include "common/help_text.h"

#include <algorithm>

namespace rwkv {
namespace {

constexpr size_t kHelpAt = 24;  // column of what options do

// Appends words with commas between, in lines that begin with two spaces.
void append_list(const std::vector<std::string>& words, std::string& text) {
  std::string line = "  also";
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string word = " " + words[i] + (i + 1 < words.size() ? "," : "");
    if (line.size() + word.size() > kHelpColumns) {
      text += line + "\n";
      line = "      ";
    }
    line += word;
  }
  text += line + "\n";
}

// "-b/--batch B"
std::string short_spelling(const OptionInfo& option) {
  std::string text = spelling(option);
  if (option.letter != 0) text.replace(2, 2, "/");
  return text;
}

void append_option(const OptionInfo& option, std::string& text) {
  std::string line = (option.letter == 0 ? "      " : "  ") + spelling(option);
  if (line.size() + 2 > kHelpAt) line = "  " + spelling(option);
  line.resize(std::max(line.size() + 2, kHelpAt), ' ');
  text += line.append(option.help) + "\n";
}

}  // namespace

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

OptionGroups grouped(std::span<const BoundOption> options) {
  OptionGroups groups;
  for (const auto& option : options) {
    if (option.info.flag.empty()) continue;
    auto group = std::ranges::find(groups, option.info.group, &OptionGroups::value_type::first);
    if (group == groups.end()) group = groups.insert(group, {option.info.group, {}});
    group->second.push_back(&option.info);
  }
  return groups;
}

std::string spelling(const OptionInfo& option) {
  std::string text;
  if (option.letter != 0) text = std::string{'-', option.letter} + ", ";
  text.append("--").append(option.flag);
  return option.value.empty() ? text : text.append(" ").append(option.value);
}

std::string help_text(const ToolText& tool, std::span<const BoundOption> options) {
  std::string text;
  for (const auto line : lines_of(tool.usage))
    text.append(text.empty() ? "usage: " : "       ").append(line) += '\n';
  text += "examples:\n";
  for (const auto line : lines_of(tool.examples)) text.append("  ").append(line) += '\n';
  for (const auto& [group, members] : grouped(options)) {
    text.append(group) += ":\n";
    std::vector<std::string> others;
    for (const OptionInfo* option : members) {
      option->prominent ? append_option(*option, text) : others.push_back(short_spelling(*option));
    }
    if (!others.empty()) append_list(others, text);
  }
  const std::string name(tool.name);
  return text + "All of it: man " + name + ", or " + name + " --generate man | man -l -\n";
}

}  // namespace rwkv
