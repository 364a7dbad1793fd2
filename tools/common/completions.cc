#include "common/completions.h"

#include <algorithm>

namespace rwkv {
namespace {

bool takes_file(const OptionInfo& option) { return option.type.kind == OptionKind::kFile; }

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::string names_of(const OptionInfo& option) {
  return option.type.kind == OptionKind::kName ? joined(option.type.names()) : "";
}

// As it stands between single quotes in a shell.
std::string quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'') result += "'\\'";
    result += c;
  }
  return result + "'";
}

// In _arguments's specifications brackets and colons have a meaning.
std::string zsh_text(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '[' || c == ']' || c == ':' || c == '\\') result += '\\';
    result += c;
  }
  return result;
}

std::vector<std::string> spellings(const OptionInfo& option) {
  std::vector<std::string> result;
  if (option.letter != 0) result.push_back({'-', option.letter});
  if (!option.flag.empty()) result.push_back("--" + std::string(option.flag));
  return result;
}

bool repeats(OptionKind kind) {
  return kind == OptionKind::kTexts || kind == OptionKind::kIds || kind == OptionKind::kBiases;
}

std::string zsh_spec(const OptionInfo& option) {
  const auto names = spellings(option);
  std::string rest = "[" + zsh_text(option.help) + "]";
  if (!option.value.empty()) {
    rest += ":" + zsh_text(option.value) + ":";
    rest += takes_file(option) ? "_files" : names_of(option).empty() ? "" : "(" + names_of(option) + ")";
  }
  std::string lines;
  const std::string before = repeats(option.type.kind) ? "*" : "(" + joined(names) + ")";
  for (const auto& name : names) {
    const bool with_equals = name.starts_with("--") && !option.value.empty();
    std::string spec = before;
    spec.append(name).append(with_equals ? "=" : "").append(rest);
    lines.append("  ").append(quoted(spec)).append(" \\\n");
  }
  return lines;
}

}  // namespace

std::string bash_completion(const ToolText& tool, std::span<const BoundOption> options) {
  std::string function = "_" + std::string(tool.name), all, cases, files, others;
  std::ranges::replace(function, '-', '_');
  for (const auto& [option, set] : options) {
    for (const auto& name : spellings(option)) {
      all += (all.empty() ? "" : " ") + name;
      if (option.value.empty()) continue;
      if (const auto names = names_of(option); !names.empty()) {
        cases.append("    ").append(name).append(") COMPREPLY=($(compgen -W \"").append(names);
        cases += "\" -- \"$cur\")); return ;;\n";
      } else {
        std::string& list = takes_file(option) ? files : others;
        list += (list.empty() ? "" : "|") + name;
      }
    }
  }
  if (!files.empty()) cases += "    " + files + ") COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n";
  if (!others.empty()) cases += "    " + others + ") return ;;\n";
  return "# bash completion for " + std::string(tool.name) + "\n" + function + "() {\n" +
         "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n  COMPREPLY=()\n  case "
         "$prev in\n" +
         cases + "  esac\n  if [[ $cur == -* ]]; then\n    COMPREPLY=($(compgen -W \"" + all +
         "\" -- \"$cur\"))\n  else\n    COMPREPLY=($(compgen -f -- \"$cur\"))\n  fi\n}\ncomplete -o "
         "filenames -F " +
         function + " " + std::string(tool.name) + "\n";
}

std::string zsh_completion(const ToolText& tool, std::span<const BoundOption> options) {
  std::string text = "#compdef " + std::string(tool.name) + "\n_arguments -s -S \\\n";
  for (const auto& option : options) text += zsh_spec(option.info);
  return text + "  '*:file:_files'\n";
}

std::string fish_completion(const ToolText& tool, std::span<const BoundOption> options) {
  std::string text;
  for (const auto& [option, set] : options) {
    text += "complete -c " + std::string(tool.name);
    if (option.letter != 0) text += std::string(" -s ") + option.letter;
    if (!option.flag.empty()) text += " -l " + std::string(option.flag);
    if (!option.value.empty()) text += takes_file(option) ? " -r -F" : " -x";
    if (const auto names = names_of(option); !names.empty()) text += " -a " + quoted(names);
    text += " -d " + quoted(option.help) + "\n";
  }
  return text;
}

}  // namespace rwkv
