// File descriptors: interrupted calls are repeated, and calls on descriptors that are not ready wait.
#pragma once
#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <utility>

namespace rwkv {

// Asked during a wait; once it returns true, the wait ends by an Error kInterrupted with an empty message.
// Empty: the wait has no end but its own.
using StopPredicate = std::function<bool()>;

// Owns an open descriptor, or none (-1).
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept { return std::swap(fd_, other.fd_), *this; }
  ~Descriptor() { close(); }

  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  int close();  // as close(2)

 private:
  int fd_;
};

// As open(2), fsync(2), read(2) and write(2), but signals do not interrupt them, and they wait where the call
// would block, also on a non-blocking descriptor. On failure errno gives the reason.
Descriptor open_file(const std::filesystem::path& path, int flags, mode_t mode = 0,
                     const StopPredicate& stop = {});
int sync_file(int fd);
ssize_t read_from(int fd, std::span<std::byte> to, const StopPredicate& stop = {});
// Gives up when the reader takes nothing for a second after stop() became true. A blocking write notices
// stop() only when a signal interrupts the write on this thread.
ssize_t write_to(int fd, std::span<const std::byte> bytes, const StopPredicate& stop = {});
// The same on any thread: writes to a pipe without blocking.
ssize_t write_patiently(int fd, std::span<const std::byte> bytes, const StopPredicate& stop);

// The number of the descriptor of this process that a path means: "/dev/stdout", "/dev/fd/3", a link to one
// of them. Nothing for all other paths.
std::optional<int> descriptor_named(const std::filesystem::path& path);
// Another descriptor for the same open file, above those of standard input, output and error.
Descriptor duplicate(int fd);
// The target of a path's symbolic links; links below /proc are not followed, since they are files themselves.
std::filesystem::path follow_links(std::filesystem::path path);
// Whether the path lies below /proc, where /dev/stdout leads.
bool is_in_proc(const std::filesystem::path& path);

}  // namespace rwkv
