#include "common/man_page.h"

#include <algorithm>
#include <cctype>
#include <sstream>
#include <utility>

#include "common/help_text.h"

namespace rwkv {
namespace {

constexpr std::string_view kCommonManual = R"(EXIT STATUS
0: done. 1: it failed, and one line on standard error says why. 2: wrong usage. 128 + n: ended by signal n. Modes that compare
(--diff, --check) follow cmp(1): 0 same, 1 different, 2 trouble.

ENVIRONMENT
RWKV_MODEL, RWKV_VOCAB and RWKV_THREADS stand for -m, -v and -t where these are not given. RWKV_VOCAB may be a folder of
vocabularies: a file that -v names and that is not here is looked for there. RWKV_TARGET pins the SIMD target by its name, as
rwkv-inspect --cpu lists them.
)";
// Text as roff takes it: what looks like a request, an escape or a hyphen stays what it is.
std::string escaped(std::string_view text) {
  std::string result;
  if (text.starts_with('.') || text.starts_with('\'')) result = "\\&";
  for (const char c : text) {
    if (c == '\\') {
      result += "\\e";
    } else if (c == '-' || c == '^' || c == '~' || c == '\'' || c == '`') {
      result += c == '-' ? "\\-" : c == '^' ? "\\(ha" : c == '~' ? "\\(ti" : c == '\'' ? "\\(aq" : "\\(ga";
    } else {
      result += c;
    }
  }
  return result;
}

bool is_heading(std::string_view line) {
  return !line.empty() && line[0] != ' ' &&
         std::ranges::none_of(line, [](unsigned char c) { return std::islower(c); }) &&
         std::ranges::any_of(line, [](unsigned char c) { return std::isupper(c); });
}

void append_literal(std::string_view lines, std::string& page) {
  page += ".nf\n";
  for (const auto line : lines_of(lines)) page += escaped(line) + "\n";
  page += ".fi\n";
}

void append_sections(std::string_view manual, std::string& page) {
  bool literal = false, paragraph = false;
  for (const auto line : lines_of(manual)) {
    const bool is_literal = line.starts_with(' ');
    if (literal != is_literal) page += std::exchange(literal, is_literal) ? ".fi\n" : ".nf\n";
    if (line.empty()) {
      paragraph = true;
      continue;
    }
    if (is_heading(line)) {
      page.append(".SH ").append(line) += '\n';
    } else {
      if (paragraph) page += ".PP\n";
      page += escaped(line) + "\n";
    }
    paragraph = false;
  }
  if (literal) page += ".fi\n";
}

void append_option(const OptionInfo& option, std::string& page) {
  page += ".TP\n\\fB";
  if (option.letter != 0) page += std::string("\\-") + option.letter + "\\fR, \\fB";
  page += "\\-\\-" + escaped(option.flag) + "\\fR";
  if (!option.value.empty()) page += " \\fI" + escaped(option.value) + "\\fR";
  page += "\n" + escaped(option.help) + ".\n";
  for (const auto line : lines_of(option.more)) page += escaped(line) + "\n";
  if (option.type.kind == OptionKind::kName) page += "Values: " + escaped(wanted_words(option.type)) + ".\n";
  if (!option.key.empty()) page += "In JSON requests: \\fB\"" + escaped(option.key) + "\"\\fR.\n";
}

std::string see_also(std::string_view tool) {
  std::string list;
  std::istringstream names(RWKV_TOOL_NAMES);
  for (std::string name; names >> name;) {
    if (name != tool) list += (list.empty() ? ".BR " : " ,\n.BR ") + escaped(name) + " (1)";
  }
  return list + "\n";
}

}  // namespace

std::string man_page(const ToolText& tool, std::span<const BoundOption> options) {
  std::string title(tool.name);
  for (char& c : title) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  std::string page = ".TH " + title + " 1 \"\" \"rwkv-tools " RWKV_VERSION "\" \"RWKV tools\"\n";
  page += ".SH NAME\n" + std::string(tool.name) + " \\- " + escaped(tool.summary) + "\n.SH SYNOPSIS\n";
  append_literal(tool.usage, page);
  page += ".SH OPTIONS\n";
  for (const auto& [group, members] : grouped(options)) {
    page.append(".SS ").append(group) += '\n';
    for (const OptionInfo* option : members) append_option(*option, page);
  }
  append_sections(tool.manual, page);
  page += ".SH EXAMPLES\n";
  append_literal(tool.examples, page);
  append_sections(kCommonManual, page);
  return page + ".SH SEE ALSO\n" + see_also(tool.name);
}

}  // namespace rwkv
