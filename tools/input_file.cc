#include "input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/error.h"

namespace rwkv {
namespace {

// Best effort: a system may refuse, and the pipe keeps its size.
void enlarge_pipe(int descriptor, size_t n_bytes) {
#ifdef F_SETPIPE_SZ
  constexpr size_t kMostUnprivileged = 1 << 20;
  ::fcntl(descriptor, F_SETPIPE_SZ, static_cast<int>(std::min(n_bytes, kMostUnprivileged)));
#else
  static_cast<void>(descriptor), static_cast<void>(n_bytes);
#endif
}

}  // namespace

InputFile::InputFile(const std::string& name, size_t block_bytes)
    : descriptor_(name == "-" ? STDIN_FILENO : ::open(name.c_str(), O_RDONLY | O_CLOEXEC)) {
  struct stat status {};
  if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0)
    throw Error(ErrorKind::kIo, std::strerror(errno));
  if (S_ISDIR(status.st_mode)) throw Error(ErrorKind::kIo, "is a directory");
  if (S_ISFIFO(status.st_mode)) enlarge_pipe(descriptor_, block_bytes);
}

InputFile::~InputFile() {
  if (descriptor_ > STDIN_FILENO) ::close(descriptor_);
}

}  // namespace rwkv
