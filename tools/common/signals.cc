#include "common/signals.h"

#include <fcntl.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <climits>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <ctime>

#include "core/atomic_file.h"
#include "core/error.h"

// Handlers call async-signal-safe functions only: no allocation, no stream.

namespace rwkv {
namespace {

constexpr int kFailureCode = 1;
// timeout(1), for one, sends the same signal twice, to the process and to its group.
constexpr int64_t kEchoNs = 200'000'000;
constexpr int kNudgeMicroseconds = 100'000;
constexpr int kMaxDescriptors = 256;  // how many are searched for temporary files

volatile std::sig_atomic_t g_stop_signal = 0;
int64_t g_first_ns = 0;  // when it arrived
std::array<char, 64> g_tool{};

int64_t now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void install(int signal, void (*handler)(int, siginfo_t*, void*)) {
  struct sigaction action {};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO;  // no SA_RESTART: a read that waits for input must end
  ::sigaction(signal, &action, nullptr);
}

void install_default(int signal) {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  ::sigaction(signal, &action, nullptr);
}

bool is_ignored(int signal) {
  struct sigaction action {};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

// Text that is put together without memory of its own.
class Line {
 public:
  void add(std::string_view text) {
    const size_t n = std::min(text.size(), bytes_.size() - size_);
    std::memcpy(bytes_.data() + size_, text.data(), n);
    size_ += n;
  }
  void add(int number) {
    const auto end = std::to_chars(bytes_.data() + size_, bytes_.data() + bytes_.size() - 1, number).ptr;
    size_ = static_cast<size_t>(end - bytes_.data());
  }
  std::string_view text() const { return {bytes_.data(), size_}; }
  const char* c_str() { return bytes_[std::min(size_, bytes_.size() - 1)] = '\0', bytes_.data(); }

 private:
  std::array<char, PATH_MAX + 256> bytes_;
  size_t size_ = 0;
};

// Unnamed files need no removal; on file systems without them, temporary files are found by the names of open
// files.
void remove_temporary_files() {
  std::array<char, PATH_MAX> name;
  for (int fd = STDERR_FILENO + 1; fd < kMaxDescriptors; ++fd) {
    Line link;
    link.add("/proc/self/fd/");
    link.add(fd);
    const ssize_t n = ::readlink(link.c_str(), name.data(), name.size() - 1);
    if (n <= 0) continue;
    name[static_cast<size_t>(n)] = '\0';
    const std::string_view path(name.data(), static_cast<size_t>(n));
    if (is_temporary_of(path.substr(path.rfind('/') + 1), ::getpid())) ::unlink(name.data());
  }
}

// Ends the process by the signal; works within the signal's handler.
[[noreturn]] void die_by(int signal) {
  remove_temporary_files();
  install_default(signal);
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, signal);
  ::raise(signal);
  ::pthread_sigmask(SIG_UNBLOCK, &only, nullptr);
  ::_exit(128 + signal);
}

void on_stop(int signal, siginfo_t*, void*) {
  const int before_errno = errno;
  if (g_stop_signal == 0) {
    g_first_ns = now_ns();
    g_stop_signal = signal;
    // A wait that begins just now would miss the signal: interrupts again.
    const itimerval nudges{{0, kNudgeMicroseconds}, {0, kNudgeMicroseconds}};
    ::setitimer(ITIMER_REAL, &nudges, nullptr);
  } else if (now_ns() - g_first_ns > kEchoNs) {
    die_by(signal);
  }
  errno = before_errno;
}

void on_nudge(int, siginfo_t*, void*) {}

void on_death(int signal, siginfo_t*, void*) { die_by(signal); }

// Reads a file of /proc line by line.
class LineReader {
 public:
  explicit LineReader(const char* path) : fd_(::open(path, O_RDONLY | O_CLOEXEC)) {}
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;
  ~LineReader() { ::close(fd_); }

  // False at the end. Of a line that is too long, its beginning.
  bool next(Line& line) {
    line = Line();
    for (bool any = false;; any = true) {
      if (begin_ == end_ && !fill()) return any;
      const char* newline = std::find(begin_, end_, '\n');
      line.add({begin_, static_cast<size_t>(newline - begin_)});
      begin_ = newline == end_ ? end_ : newline + 1;
      if (newline != end_) return true;
    }
  }

 private:
  bool fill() {
    const ssize_t n = ::read(fd_, block_.data(), block_.size());
    begin_ = block_.data();
    end_ = begin_ + std::max<ssize_t>(0, n);
    return n > 0;
  }

  int fd_;
  std::array<char, 4096> block_;
  const char *begin_ = nullptr, *end_ = nullptr;
};

// The file that is mapped at an address, of a line like "7f12-7f34 r--s 00000000 08:01 131 PATH".
std::string_view file_at(uintptr_t address, std::string_view line) {
  uintptr_t begin = 0, end = 0;
  const char* last = line.data() + line.size();
  auto parsed = std::from_chars(line.data(), last, begin, 16);
  if (parsed.ptr == last || *parsed.ptr != '-') return {};
  parsed = std::from_chars(parsed.ptr + 1, last, end, 16);
  if (address < begin || address >= end) return {};
  const size_t path = line.find('/');
  return path == std::string_view::npos ? "" : line.substr(path);
}

// A mapped file that another process truncates raises SIGBUS when its pages are read.
void on_bus_error(int, siginfo_t* info, void*) {
  Line message, line;
  message.add(g_tool.data());
  message.add(": ");
  LineReader maps("/proc/self/maps");
  std::string_view file;
  while (file.empty() && maps.next(line))
    file = file_at(reinterpret_cast<uintptr_t>(info->si_addr), line.text());
  message.add(file.empty() ? "an input file" : file);
  message.add(": became shorter while it was read\n");
  static_cast<void>(!::write(STDERR_FILENO, message.text().data(), message.text().size()));
  remove_temporary_files();
  ::_exit(kFailureCode);
}

}  // namespace

void install_signal_handlers(std::string_view tool) {
  std::copy_n(tool.begin(), std::min(tool.size(), g_tool.size() - 1), g_tool.begin());
  install(SIGINT, on_stop);
  install(SIGTERM, on_stop);
  if (!is_ignored(SIGHUP)) install(SIGHUP, on_stop);
  install(SIGALRM, on_nudge);
  install(SIGBUS, on_bus_error);
  for (const int signal : {SIGPIPE, SIGQUIT}) {
    if (!is_ignored(signal)) install(signal, on_death);
  }
  std::signal(SIGXFSZ, SIG_IGN);
}

bool stop_requested() { return g_stop_signal != 0; }

bool take_interrupt() {
  if (g_stop_signal != SIGINT) return false;
  const itimerval none{};
  ::setitimer(ITIMER_REAL, &none, nullptr);
  g_stop_signal = 0;
  return true;
}

void throw_if_stopped() {
  if (stop_requested()) throw Error(ErrorKind::kInterrupted, "");
}

void die_if_stopped() {
  if (g_stop_signal != 0) die_by(g_stop_signal);
}

}  // namespace rwkv
