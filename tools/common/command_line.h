// A tool's command line: its options from tables, its operands, --help, --version, and the texts generated
// from the tables.
#pragma once
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "common/option.h"

namespace rwkv {

// A tool's texts in --help and the manual, beside its options.
struct ToolText {
  std::string_view name;      // "rwkv-generate"
  std::string_view summary;   // "continues sequences of token ids"
  std::string_view usage;     // lines, without the word usage
  std::string_view examples;  // lines, in --help
  // The manual's sections: a heading is a line of capitals; empty lines separate paragraphs; lines that begin
  // with a space are printed unchanged.
  std::string_view manual{};
  // The SIMD target in use, for --version; null for tools that do not compute.
  std::string (*simd_target)() = nullptr;
};

// An option with its target.
struct BoundOption {
  OptionInfo info;
  std::function<void(const OptionValue&)> set;
};

// Boost.Program_options reads the words in Unix style, without abbreviations of long names: -n5, -n 5,
// --tokens=5, -qn5; `--` ends the options. A value that is itself the letter of an option is written -t-n or
// --text=-n. The last of a repeated option wins.
class CommandLine {
 public:
  explicit CommandLine(const ToolText& text);

  // The target must outlive parse().
  template <class Target>
  void add(const Option<Target>& row, std::type_identity_t<Target>& target) {
    options_.push_back(
        {row.info, [&target, set = row.set](const OptionValue& value) { set(target, value); }});
  }
  template <class Target>
  void add(std::span<const Option<Target>> rows, std::type_identity_t<Target>& target) {
    for (const auto& row : rows) add(row, target);
  }
  template <class Target, size_t N>
  void add(const Option<Target> (&rows)[N], std::type_identity_t<Target>& target) {
    add(std::span<const Option<Target>>(rows), target);
  }
  // Takes up to `most` operands; without this call the tool takes none.
  void add_operands(std::vector<std::string>& operands, size_t most = SIZE_MAX);

  // False when --help, --version or --generate was answered and nothing is left to do. Else sets the given
  // options, in the order of the rows. Error kUsage.
  bool parse(int argc, const char* const* argv);
  // Whether the user gave the option with this long name.
  bool given(std::string_view flag) const;

 private:
  void take(int argc, const char* const* argv);
  void take_operand(std::string_view word);
  bool answer() const;

  struct Occurrences {
    std::string name;  // the user's last spelling
    std::vector<std::string> texts;
  };

  ToolText text_;
  std::vector<BoundOption> options_;
  std::vector<Occurrences> occurrences_;  // for each option
  std::vector<std::string>* operands_ = nullptr;
  size_t most_operands_ = 0;
  bool help_ = false, version_ = false;
  std::string generate_;
};

[[noreturn]] void usage_error(const std::string& message);

}  // namespace rwkv
