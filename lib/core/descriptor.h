// File descriptors: what a signal interrupts is gone on with, what is not ready is waited for.
#pragma once
#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <utility>

namespace rwkv {

// Asked while something is waited for; once it says true, waiting ends by an Error kInterrupted with an empty
// message. Empty: waits are never given up.
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

// As open(2), fsync(2), read(2) and write(2), but they are never interrupted, and what would block is waited
// for, be the descriptor blocking or not. On failure errno says why.
Descriptor open_file(const std::filesystem::path& path, int flags, mode_t mode = 0,
                     const StopPredicate& stop = {});
int sync_file(int fd);
ssize_t read_from(int fd, std::span<std::byte> to, const StopPredicate& stop = {});
// A reader that takes nothing for a second after stop() became true is given up; a write that blocks notices
// stop() when a signal interrupts it on this thread.
ssize_t write_to(int fd, std::span<const std::byte> bytes, const StopPredicate& stop = {});
// The same on any thread: writes what goes into a pipe without blocking.
ssize_t write_patiently(int fd, std::span<const std::byte> bytes, const StopPredicate& stop);

// The number of this process's descriptor that a path means: "/dev/stdout", "/dev/fd/3", a link to one of
// them. Nothing for all other paths.
std::optional<int> descriptor_named(const std::filesystem::path& path);
// Another descriptor for the same open file, above those of standard input, output and errors.
Descriptor duplicate(int fd);
// What a path leads to when symbolic links are followed, but no link below /proc, which is a file by itself.
std::filesystem::path follow_links(std::filesystem::path path);
// Whether it lies below /proc, as /dev/stdout does at last.
bool is_in_proc(const std::filesystem::path& path);

}  // namespace rwkv
