#include "core/descriptor.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <string>

#include "core/error.h"

namespace rwkv {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPatience{1000};  // with a stalled reader, once the process is to end
constexpr int kMaxLinks = 40;                         // the kernel's own limit

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK; }

[[noreturn]] void end_waiting() { throw Error(ErrorKind::kInterrupted, ""); }

bool is_stopped(const StopPredicate& stop) { return stop && stop(); }

// Waits until the descriptor has bytes or an event.
void await_readable(int fd, const StopPredicate& stop) {
  pollfd request{fd, POLLIN, 0};
  while (::poll(&request, 1, -1) < 0 && errno == EINTR) {
    if (is_stopped(stop)) end_waiting();
  }
}

// The same for writing; after stop() waits only for kPatience. Signals may interrupt another thread.
void await_writable(int fd, const StopPredicate& stop) {
  constexpr int kLookMs = 100;
  pollfd request{fd, POLLOUT, 0};
  std::optional<Clock::time_point> deadline;
  for (;;) {
    const int n = ::poll(&request, 1, stop ? kLookMs : -1);
    if (n > 0 || (n < 0 && errno != EINTR)) return;
    if (!deadline && is_stopped(stop)) deadline = Clock::now() + kPatience;
    if (deadline && Clock::now() > *deadline) end_waiting();
  }
}

bool may_block(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode);
}

}  // namespace

int Descriptor::close() {
  if (fd_ < 0) return 0;
  // Linux closes a descriptor even when close() returns EINTR.
  const int result = ::close(std::exchange(fd_, -1));
  return result != 0 && errno == EINTR ? 0 : result;
}

Descriptor open_file(const std::filesystem::path& path, int flags, mode_t mode, const StopPredicate& stop) {
  for (;;) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg): open() is what it is
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
    if (fd >= 0 || errno != EINTR) return Descriptor(fd);
    if (is_stopped(stop)) end_waiting();
  }
}

int sync_file(int fd) {
  int result = 0;
  do {
    result = ::fsync(fd);
  } while (result != 0 && errno == EINTR);
  return result;
}

ssize_t read_from(int fd, std::span<std::byte> to, const StopPredicate& stop) {
  for (;;) {
    if (is_stopped(stop)) end_waiting();
    const ssize_t n = ::read(fd, to.data(), to.size());
    if (n >= 0 || (errno != EINTR && !would_block())) return n;
    if (would_block()) await_readable(fd, stop);
  }
}

ssize_t write_patiently(int fd, std::span<const std::byte> bytes, const StopPredicate& stop) {
  if (!stop || !may_block(fd)) return write_to(fd, bytes, stop);
  await_writable(fd, stop);
  return write_to(fd, bytes.first(std::min<size_t>(bytes.size(), PIPE_BUF)), stop);
}

ssize_t write_to(int fd, std::span<const std::byte> bytes, const StopPredicate& stop) {
  for (;;) {
    if (is_stopped(stop)) await_writable(fd, stop);
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n >= 0 || (errno != EINTR && !would_block())) return n;
    if (would_block()) await_writable(fd, stop);
  }
}

bool is_in_proc(const std::filesystem::path& path) {
  std::error_code none;
  const auto folder = std::filesystem::canonical(path.has_parent_path() ? path.parent_path() : ".", none);
  return !none && folder.native().starts_with("/proc/");
}

std::filesystem::path follow_links(std::filesystem::path path) {
  std::error_code failed;
  for (int i = 0; i < kMaxLinks && std::filesystem::is_symlink(path, failed) && !is_in_proc(path); ++i) {
    path = path.parent_path() / std::filesystem::read_symlink(path, failed);
  }
  return path;
}

std::optional<int> descriptor_named(const std::filesystem::path& path) {
  const auto file = follow_links(path);
  std::error_code failed;
  const auto folder = std::filesystem::canonical(file.parent_path(), failed);
  if (failed || folder != std::filesystem::canonical("/proc/self/fd", failed) || failed) return std::nullopt;
  const std::string number = file.filename();
  int fd = -1;
  const char* end = number.data() + number.size();
  const auto [rest, error] = std::from_chars(number.data(), end, fd);
  if (error != std::errc() || rest != end || fd < 0) return std::nullopt;
  return fd;
}

Descriptor duplicate(int fd) {
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-vararg): fcntl() is what it is
  return Descriptor(::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

}  // namespace rwkv
