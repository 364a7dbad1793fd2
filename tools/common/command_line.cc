#include "common/command_line.h"

#include <algorithm>
#include <boost/program_options.hpp>
#include <iostream>

#include "common/completions.h"
#include "common/help_text.h"
#include "common/man_page.h"
#include "common/row_names.h"
#include "common/version.h"
#include "core/error.h"
#include "core/printable.h"

namespace rwkv {
namespace {

namespace po = boost::program_options;

constexpr std::string_view kGroup = "other";

// What --generate makes.
struct Generated {
  std::string_view name;
  std::string (*text)(const ToolText&, std::span<const BoundOption>);
};
constexpr Generated kGenerated[] = {
    {"man", man_page}, {"bash", bash_completion}, {"zsh", zsh_completion}, {"fish", fish_completion}};

std::vector<std::string> generated_names() { return row_names(kGenerated); }

constexpr Option<bool> kHelp{{"help", 'h', "", "", kSwitchType, kGroup, "print this text"},
                             [](bool& on, const OptionValue& v) { on = v.on(); }};
constexpr Option<bool> kVersion{
    {"version", 0, "", "", kSwitchType, kGroup, "print version, commit, compiler and SIMD target"},
    [](bool& on, const OptionValue& v) { on = v.on(); }};
constexpr Option<std::string> kGenerate{{"generate", 0, "", "WHAT", name_of(generated_names), kGroup,
                                         "print the manual (man) or a shell's completions"},
                                        [](std::string& what, const OptionValue& v) { what = v.text(); }};

// The name that Boost gives back for an option.
std::string key_of(const OptionInfo& option) {
  return option.flag.empty() ? std::string{'-', option.letter} : std::string(option.flag);
}

po::options_description describe(std::span<const BoundOption> options) {
  po::options_description described;
  for (const auto& [info, set] : options) {
    std::string names(info.flag);
    if (info.letter != 0) names += {',', info.letter};
    po::typed_value<std::string>* const value = po::value<std::string>();
    if (info.type.kind == OptionKind::kSwitch) value->zero_tokens();
    described.add_options()(names.c_str(), value, "");
  }
  return described;
}

// `--name=` gives the empty text, which Boost refuses.
std::vector<po::option> parse_empty_value(std::vector<std::string>& words) {
  const std::string_view word = words.front();
  if (word.size() < 4 || !word.starts_with("--") || !word.ends_with('=')) return {};
  po::option empty;
  empty.string_key = word.substr(2, word.size() - 3);
  empty.value = {""};
  empty.original_tokens = {words.front()};
  words.erase(words.begin());
  return {empty};
}

// The option as the user wrote it: --top-k of --top-k=5, -k of -qk5.
std::string spelled_name(const po::option& given, const OptionInfo& option) {
  const bool is_long = !given.original_tokens.empty() && given.original_tokens.front().starts_with("--");
  if (is_long || option.letter == 0) return "--" + std::string(option.flag);
  return {'-', option.letter};
}

// Boost's error in the words of this project.
[[noreturn]] void fail(const po::error_with_option_name& e, std::span<const BoundOption> options) {
  const std::string name = e.get_option_name();
  std::vector<std::string> known;
  std::string_view value;
  for (const auto& [info, set] : options) {
    if (info.flag.empty()) continue;
    known.push_back("--" + std::string(info.flag));
    if (known.back() == name) value = info.value;
  }
  const auto* syntax = dynamic_cast<const po::invalid_syntax*>(&e);
  if (syntax == nullptr) usage_error("unknown option '" + printable(name) + "'" + did_you_mean(name, known));
  if (syntax->kind() == po::invalid_syntax::extra_parameter) usage_error(name + " takes no value");
  usage_error(name + " wants a value: " + name + " " + std::string(value));
}

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
  } catch (const po::error_with_option_name& e) {
    fail(e, options_);
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
  constexpr int kStyle = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
  const po::options_description described = describe(options_);
  const po::parsed_options parsed = po::command_line_parser(argc, argv)
                                        .options(described)
                                        .style(kStyle)
                                        .extra_style_parser(parse_empty_value)
                                        .run();
  for (const po::option& given : parsed.options) {
    const auto is_given = [&](const BoundOption& o) { return key_of(o.info) == given.string_key; };
    const auto option = std::ranges::find_if(options_, is_given);
    if (given.position_key >= 0) {
      for (const std::string& word : given.value) take_operand(word);
    } else {
      Occurrences& occurrences = occurrences_[static_cast<size_t>(option - options_.begin())];
      occurrences.name = spelled_name(given, option->info);
      occurrences.texts.push_back(given.value.empty() ? "" : given.value.front());
    }
  }
}

void CommandLine::take_operand(std::string_view word) {
  if (operands_ == nullptr || operands_->size() == most_operands_)
    throw Error(ErrorKind::kUsage, "'" + printable(word) + "' is one operand too many");
  operands_->emplace_back(word);
}

}  // namespace rwkv
