#include "common/command_line.h"

#include <algorithm>
#include <iostream>

#include "common/completions.h"
#include "common/help_text.h"
#include "common/man_page.h"
#include "common/version.h"
#include "core/error.h"
#include "core/printable.h"

namespace rwkv {
namespace {

constexpr std::string_view kGroup = "other";

// What --generate makes.
struct Generated {
  std::string_view name;
  std::string (*text)(const ToolText&, std::span<const BoundOption>);
};
constexpr Generated kGenerated[] = {
    {"man", man_page}, {"bash", bash_completion}, {"zsh", zsh_completion}, {"fish", fish_completion}};

std::vector<std::string> generated_names() {
  std::vector<std::string> names;
  for (const auto& generated : kGenerated) names.emplace_back(generated.name);
  return names;
}

constexpr Option<bool> kHelp{{"help", 'h', "", "", kSwitchType, kGroup, "print this text"},
                             [](bool& on, const OptionValue& v) { on = v.on(); }};
constexpr Option<bool> kVersion{
    {"version", 0, "", "", kSwitchType, kGroup, "print version, commit, compiler and SIMD target"},
    [](bool& on, const OptionValue& v) { on = v.on(); }};
constexpr Option<std::string> kGenerate{{"generate", 0, "", "WHAT", name_of(generated_names), kGroup,
                                         "print the manual (man) or a shell's completions"},
                                        [](std::string& what, const OptionValue& v) { what = v.text(); }};

[[noreturn]] void fail(const std::string& message) { throw Error(ErrorKind::kUsage, message); }

}  // namespace

void usage_error(const std::string& message) { throw Error(ErrorKind::kUsage, message + " (try --help)"); }

CommandLine::CommandLine(const ToolText& text) : text_(text) {}

void CommandLine::add_operands(std::vector<std::string>& operands, size_t most) {
  operands_ = &operands;
  most_operands_ = most;
}

bool CommandLine::parse(int argc, const char* const* argv) {
  add(kHelp, help_);
  add(kVersion, version_);
  add(kGenerate, generate_);
  occurrences_.assign(options_.size(), {});
  try {
    take(argc, argv);
    if (answer()) return false;
    for (size_t i = 0; i < options_.size(); ++i) {
      const auto& [name, texts] = occurrences_[i];
      if (!texts.empty()) options_[i].set(value_from_texts(options_[i].info, name, texts));
    }
  } catch (const Error& e) {
    usage_error(e.what());
  }
  return true;
}

bool CommandLine::given(std::string_view flag) const {
  for (size_t i = 0; i < options_.size(); ++i) {
    if (options_[i].info.flag == flag) return !occurrences_[i].texts.empty();
  }
  return false;
}

// Help is given whatever else is wrong.
bool CommandLine::answer() const {
  const std::span<const BoundOption> options(options_);
  if (given("help")) return std::cout << help_text(text_, options), true;
  if (given("version")) return std::cout << version_text(text_), true;
  if (!given("generate")) return false;
  const auto& [name, texts] = occurrences_.back();
  const std::string what = value_from_texts(kGenerate.info, name, texts).text();
  for (const auto& generated : kGenerated) {
    if (generated.name == what) std::cout << generated.text(text_, options);
  }
  return true;
}

void CommandLine::take(int argc, const char* const* argv) {
  for (int at = 1; at < argc; ++at) {
    const std::string_view word = argv[at];
    if (word == "--") {
      while (++at < argc) take_operand(argv[at]);
    } else if (word.starts_with("--")) {
      take_long(word, argc, argv, at);
    } else if (word.size() > 1 && word[0] == '-') {
      take_letters(word.substr(1), argc, argv, at);
    } else {
      take_operand(word);
    }
  }
}

void CommandLine::take_long(std::string_view word, int argc, const char* const* argv, int& at) {
  const size_t equals = std::min(word.find('='), word.size());
  const std::string name(word.substr(0, equals));
  std::vector<std::string> known;
  for (size_t i = 0; i < options_.size(); ++i) {
    const OptionInfo& option = options_[i].info;
    if (option.flag.empty()) continue;
    known.push_back("--" + std::string(option.flag));
    if (known.back() != name) continue;
    const bool has_text = equals < word.size();
    if (option.type.kind == OptionKind::kSwitch && has_text) fail(name + " takes no value");
    if (option.type.kind == OptionKind::kSwitch) return occur(i, name, "");
    if (has_text) return occur(i, name, std::string(word.substr(equals + 1)));
    if (++at == argc) fail(name + " wants a value: " + name + " " + std::string(option.value));
    return occur(i, name, argv[at]);
  }
  fail("unknown option '" + printable(name) + "'" + did_you_mean(name, known));
}

void CommandLine::take_letters(std::string_view letters, int argc, const char* const* argv, int& at) {
  while (!letters.empty()) {
    const auto is_it = [&](const BoundOption& option) { return option.info.letter == letters[0]; };
    const auto found = std::ranges::find_if(options_, is_it);
    const std::string name{'-', letters[0]};
    if (found == options_.end()) fail("unknown option '" + printable(name) + "'");
    const auto i = static_cast<size_t>(found - options_.begin());
    letters.remove_prefix(1);
    if (found->info.type.kind == OptionKind::kSwitch) {
      occur(i, name, "");
      continue;
    }
    if (!letters.empty()) return occur(i, name, std::string(letters));
    if (++at == argc) fail(name + " wants a value: " + name + " " + std::string(found->info.value));
    return occur(i, name, argv[at]);
  }
}

void CommandLine::take_operand(std::string_view word) {
  if (operands_ == nullptr || operands_->size() == most_operands_)
    fail("'" + printable(word) + "' is one operand too many");
  operands_->emplace_back(word);
}

void CommandLine::occur(size_t option, const std::string& name, std::string text) {
  occurrences_[option].name = name;
  occurrences_[option].texts.push_back(std::move(text));
}

}  // namespace rwkv
