// What all tools share: the one catch, exit codes, option parsing, signals, progress.
#pragma once
#include <boost/program_options.hpp>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace rwkv {

enum ExitCode : int { kSuccess = 0, kFailure = 1, kUsage = 2 };

// Runs `body` and returns its exit code. A failure becomes one "name: message" line on stderr and an exit
// code. Fails too when stdout could not be written in full. Ends by the signal when a SIGINT or SIGTERM
// stopped the body (ErrorKind::kInterrupted, or stop_requested() at its end).
int run_tool(std::string_view name, const std::function<int()>& body);

// True once SIGINT or SIGTERM has arrived. Loops ask it between two tokens or two blocks.
bool stop_requested();
// Ends the run then. An Error kInterrupted with a message, unlike this one's, is told on stderr.
void throw_if_stopped();

// One tool's options, parsed in the manner all tools share: no guessing of abbreviated names, `-n -1`
// works, --help and --version are answered.
class CommandLine {
 public:
  // `usage` is the text of --help above the list of options, its first line "usage: ...".
  CommandLine(std::string name, std::string usage);

  boost::program_options::options_description_easy_init add() { return options_.add_options(); }
  // Operands are collected under `name` (an option to be declared by add_operands alone).
  void add_operands(const char* name, const boost::program_options::value_semantic* value, int max_count);
  // False when --help or --version has been answered and nothing is left to do. Error kUsage.
  bool parse(int argc, const char* const* argv);
  // Whether the user gave the option (a default does not count).
  bool given(const char* option) const { return values_.count(option) != 0 && !values_[option].defaulted(); }

 private:
  std::string name_, usage_;
  boost::program_options::options_description options_{"options"}, hidden_;
  boost::program_options::positional_options_description positional_;
  boost::program_options::variables_map values_;
};

// An option's value, written to `target` when it is given; `name` stands for it in --help.
template <class T>
boost::program_options::typed_value<T>* value(T& target, const char* name) {
  return boost::program_options::value(&target)->value_name(name);
}
template <class T>
boost::program_options::typed_value<T>* optional_value(std::optional<T>& target, const char* name) {
  return boost::program_options::value<T>()->value_name(name)->notifier(
      [&](const T& given) { target = given; });
}

[[noreturn]] void usage_error(const std::string& message);

// The option's text, else the environment's, else nothing.
std::optional<std::string> option_or_environment(const std::string& option, const char* variable);
// The number of threads that -t or RWKV_THREADS asks for, else every core this process may run on.
size_t thread_count(const std::optional<size_t>& option);
// Pins the SIMD target that RWKV_TARGET names, if it is set. Every tool that computes calls it first.
void apply_target_environment();

// Redraws one line on stderr while something long runs: only on a terminal, at most ten times a second, not
// in the first tenth of a second.
class Progress {
 public:
  Progress(std::string what, std::string unit, bool quiet);
  ~Progress() { clear(); }
  void update(uint64_t done, uint64_t total);  // total 0: not known
  // Clears the line, for what else is to be written on the terminal.
  void clear();

 private:
  std::string what_, unit_;
  bool active_, shown_ = false;
  double started_s_, drawn_s_;
};

}  // namespace rwkv
