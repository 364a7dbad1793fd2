#include "common/tool.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <new>
#include <utility>

#include "common/fd_buffer.h"
#include "core/error.h"

namespace rwkv {
namespace {

// Descriptors that are closed at the start stay useless after this: reading or writing them fails as before.
void keep_standard_descriptors() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (::fcntl(fd, F_GETFD) >= 0) continue;
    static_cast<void>(::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY));  // takes the least free
  }
}

// std::cout by way of a buffer that a signal can end.
class StandardOutput {
 public:
  StandardOutput() : before_(std::cout.rdbuf(&buffer_)) {}
  StandardOutput(const StandardOutput&) = delete;
  StandardOutput& operator=(const StandardOutput&) = delete;
  ~StandardOutput() {
    std::cout.flush();
    std::cout.rdbuf(before_);
  }

 private:
  FdOutputBuffer buffer_{STDOUT_FILENO};
  std::streambuf* before_;
};

std::string_view g_name;

int report(std::string_view message, ExitCode code) {
  tell(message);
  return code;
}

int run_and_flush(const std::function<int()>& body) {
  const int code = body();
  std::cout.flush();
  if (!std::cout) throw Error(ErrorKind::kIo, "cannot write standard output");
  return code;
}

int run_guarded(const std::function<int()>& body) {
  try {
    return run_and_flush(body);
  } catch (const Error& e) {
    if (*e.what() == '\0') return kFailure;  // thrown by throw_if_stopped()
    return report(e.what(), e.kind() == ErrorKind::kUsage ? kUsage : kFailure);
  } catch (const std::bad_alloc&) {
    return report("out of memory", kFailure);
  } catch (const std::exception& e) {
    return report(e.what(), kFailure);
  }
}

}  // namespace

int run_tool(std::string_view name, const std::function<int()>& body) {
  keep_standard_descriptors();
  g_name = name;
  install_signal_handlers(name);
  const int code = [&] {
    const StandardOutput output;
    return run_guarded(body);
  }();
  die_if_stopped();
  return code;
}

int run_comparison(const std::function<int()>& body) {
  try {
    return run_and_flush(body);
  } catch (const Error& e) {
    if (e.kind() == ErrorKind::kInterrupted) throw;
    throw Error(ErrorKind::kUsage, e.what());
  } catch (const std::bad_alloc&) {
    throw Error(ErrorKind::kUsage, "out of memory");
  }
}

// One line: file names may contain line breaks.
void tell(std::string_view message) {
  std::cerr << g_name << ": ";
  for (size_t end; (end = message.find('\n')) != std::string_view::npos; message.remove_prefix(end + 1))
    std::cerr << message.substr(0, end) << ' ';
  std::cerr << message << '\n';
}

void tell_of_terminal(std::string_view what) {
  if (::isatty(STDIN_FILENO) == 1)
    tell("reads " + std::string(what) + " from the terminal; Ctrl-D ends the input");
}

Progress::Progress(std::string what, std::string unit, bool quiet)
    : what_(std::move(what)), unit_(std::move(unit)), active_(!quiet && ::isatty(STDERR_FILENO) == 1) {}

void Progress::clear() {
  if (std::exchange(shown_, false)) std::cerr << "\r\033[K" << std::flush;
}

void Progress::update(uint64_t done, uint64_t total) {
  const double now = watch_.seconds();
  if (!active_ || now - drawn_s_ < 0.1) return;
  drawn_s_ = now;
  shown_ = true;
  const double rate = static_cast<double>(done) / now;
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
