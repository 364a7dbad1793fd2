#include "common/tool.h"

#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <new>
#include <utility>

#include "core/error.h"

namespace rwkv {
namespace {

volatile std::sig_atomic_t g_stop_signal = 0;

void on_stop(int signal) { g_stop_signal = signal; }

// A mapped file that somebody truncates under us raises SIGBUS where its pages are read.
void on_bus_error(int) {
  constexpr std::string_view kMessage = "error: an input file became shorter while it was read\n";
  static_cast<void>(!::write(STDERR_FILENO, kMessage.data(), kMessage.size()));
  ::_exit(kFailure);
}

void install(int signal, void (*handler)(int), int flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigaction(signal, &action, nullptr);
}

// No SA_RESTART: a read that waits for input must end when the user presses Ctrl-C.
void install_handlers() {
  install(SIGINT, on_stop, 0);
  install(SIGTERM, on_stop, 0);
  install(SIGBUS, on_bus_error, 0);
}

void die_by_signal(int signal) {
  std::cout.flush();
  install(signal, SIG_DFL, 0);
  ::raise(signal);
}

int report(std::string_view name, const std::string& message, ExitCode code) {
  std::cerr << name << ": " << message << '\n';
  return code;
}

int run_and_flush(const std::function<int()>& body) {
  const int code = body();
  std::cout.flush();
  if (!std::cout) throw Error(ErrorKind::kIo, "cannot write standard output");
  return code;
}

int run_guarded(std::string_view name, const std::function<int()>& body) {
  try {
    return run_and_flush(body);
  } catch (const Error& e) {
    if (*e.what() == '\0') return kFailure;  // throw_if_stopped()
    return report(name, e.what(), e.kind() == ErrorKind::kUsage ? kUsage : kFailure);
  } catch (const std::bad_alloc&) {
    return report(name, "out of memory", kFailure);
  } catch (const std::exception& e) {
    return report(name, e.what(), kFailure);
  }
}

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

}  // namespace

int run_tool(std::string_view name, const std::function<int()>& body) {
  install_handlers();
  std::ios::sync_with_stdio(false);
  const int code = run_guarded(name, body);
  if (g_stop_signal != 0) die_by_signal(g_stop_signal);
  return code;
}

bool stop_requested() { return g_stop_signal != 0; }

void throw_if_stopped() {
  if (stop_requested()) throw Error(ErrorKind::kInterrupted, "");
}

Progress::Progress(std::string what, std::string unit, bool quiet)
    : what_(std::move(what)),
      unit_(std::move(unit)),
      active_(!quiet && ::isatty(STDERR_FILENO) == 1),
      started_s_(now_s()),
      drawn_s_(started_s_) {}

void Progress::clear() {
  if (std::exchange(shown_, false)) std::cerr << "\r\033[K" << std::flush;
}

void Progress::update(uint64_t done, uint64_t total) {
  const double now = now_s();
  if (!active_ || now - drawn_s_ < 0.1) return;
  drawn_s_ = now;
  shown_ = true;
  const double elapsed = now - started_s_, rate = static_cast<double>(done) / elapsed;
  char line[160];
  if (total == 0) {
    std::snprintf(line, sizeof line, "\r%s: %llu %s  %.1f/s\033[K", what_.c_str(),
                  static_cast<unsigned long long>(done), unit_.c_str(), rate);
  } else {
    const double left = total > done && rate > 0 ? static_cast<double>(total - done) / rate : 0;
    std::snprintf(line, sizeof line, "\r%s: %3.0f %%  %.1f %s/s  %.0f s left\033[K", what_.c_str(),
                  100.0 * static_cast<double>(done) / static_cast<double>(total), rate, unit_.c_str(), left);
  }
  std::cerr << line << std::flush;
}

}  // namespace rwkv
