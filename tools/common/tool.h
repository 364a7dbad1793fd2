// Shared by all tools: the outermost catch, exit codes, signals, progress.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "common/signals.h"
#include "core/stopwatch.h"

namespace rwkv {

enum ExitCode : int { kSuccess = 0, kFailure = 1, kUsage = 2 };

// Runs `body` and returns its exit code. A failure becomes one line "name: message" on stderr and an exit
// code; so does standard output that could not be written in full. Ends by the signal when one stopped the
// body (ErrorKind::kInterrupted, or stop_requested() at the end). If standard input, output or error are
// closed, no file that the body opens takes their place.
int run_tool(std::string_view name, const std::function<int()>& body);

// For modes whose exit code 1 means "different": turns every failure of `body`, or of writing its output,
// into an Error of kind kUsage, so that the tool exits with 2.
int run_comparison(const std::function<int()>& body);

// Pins the SIMD target that RWKV_TARGET names, if set. Every tool that computes calls this first.
void apply_target_environment();

// Writes "name: message" to stderr, with the name that run_tool() got.
void tell(std::string_view message);

// If standard input is a terminal, says on stderr that the tool waits for `what`.
void tell_of_terminal(std::string_view what);

// Redraws one line on stderr during long work: only on a terminal, at most ten times a second, not in the
// first tenth of a second.
class Progress {
 public:
  Progress(std::string what, std::string unit, bool quiet);
  ~Progress() { clear(); }
  void update(uint64_t done, uint64_t total);  // total 0: unknown
  // Clears the line, so that other text can be written to the terminal.
  void clear();

 private:
  std::string what_, unit_;
  bool active_, shown_ = false;
  Stopwatch watch_;
  double drawn_s_ = 0;  // on it
};

}  // namespace rwkv
