#include "common/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iostream>

namespace rwkv {
namespace {

// Best effort: a system may refuse, and the pipe keeps its size.
void enlarge_pipe(int descriptor, size_t n_bytes) {
#ifdef F_SETPIPE_SZ
  constexpr size_t kMostUnprivileged = 1 << 20;
  const int wanted = static_cast<int>(std::min(n_bytes, kMostUnprivileged));
  if (::fcntl(descriptor, F_GETPIPE_SZ) < wanted) ::fcntl(descriptor, F_SETPIPE_SZ, wanted);
#else
  static_cast<void>(descriptor), static_cast<void>(n_bytes);
#endif
}

Descriptor open_for_reading(const std::string& path) {
  if (path == "-") return Descriptor();
  const auto fd = descriptor_named(path);
  Descriptor input = fd ? duplicate(*fd) : open_file(path, O_RDONLY, 0, stop_requested);
  if (!input.is_open()) throw Error(ErrorKind::kIo, path + ": " + std::strerror(errno));
  return input;
}

}  // namespace

InputFile::InputFile(const std::string& path, size_t block_bytes, std::string_view what)
    : name_(path == "-" ? "standard input" : path),
      opened_(open_for_reading(path)),
      descriptor_(opened_.is_open() ? opened_.get() : STDIN_FILENO),
      buffer_(descriptor_, block_bytes) {
  struct stat status {};
  if (::fstat(descriptor_, &status) != 0) throw Error(ErrorKind::kIo, name_ + ": " + std::strerror(errno));
  if (S_ISDIR(status.st_mode)) throw Error(ErrorKind::kIo, name_ + ": is a directory");
  if (path == "-") tell_of_terminal(what);
  if (S_ISFIFO(status.st_mode)) enlarge_pipe(descriptor_, block_bytes);
  if (S_ISREG(status.st_mode)) {
    begin_ = ::lseek(descriptor_, 0, SEEK_CUR);
    end_ = status.st_size;
  }
  stream_.tie(&std::cout);
}

double InputFile::share_read() const {
  if (end_ <= begin_) return 0;
  const off_t n_read = ::lseek(descriptor_, 0, SEEK_CUR) - begin_;
  return static_cast<double>(n_read) / static_cast<double>(end_ - begin_);
}

}  // namespace rwkv
