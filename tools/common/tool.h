// What all tools share: the one catch, exit codes, signals, progress.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "common/signals.h"
#include "core/stopwatch.h"

namespace rwkv {

enum ExitCode : int { kSuccess = 0, kFailure = 1, kUsage = 2 };

// Runs `body` and returns its exit code. A failure becomes one "name: message" line on stderr and an exit
// code. Fails too when stdout could not be written in full. Ends by the signal when one stopped the body
// (ErrorKind::kInterrupted, or stop_requested() at its end). Standard input, output and error that are closed
// stay so: no file that the body opens takes their place.
int run_tool(std::string_view name, const std::function<int()>& body);

// For modes in which 1 says that two things differ: what else goes wrong in `body`, or in writing what it
// prints, is an Error of kind kUsage, so that the tool ends with 2.
int run_comparison(const std::function<int()>& body);

// Pins the SIMD target that RWKV_TARGET names, if it is set. Every tool that computes calls it first.
void apply_target_environment();

// Says "name: message" on stderr, with the name that run_tool() was given.
void tell(std::string_view message);

// Says so when standard input is a terminal, from which a tool is going to read `what`.
void tell_of_terminal(std::string_view what);

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
  Stopwatch watch_;
  double drawn_s_ = 0;  // on it
};

}  // namespace rwkv
