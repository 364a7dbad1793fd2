#include "common/line_source.h"

#include <poll.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

#include "common/tool.h"
#include "core/descriptor.h"
#include "core/error.h"

namespace rwkv {
namespace {

constexpr size_t kBlockBytes = 1 << 16;
constexpr size_t kMaxLineBytes = size_t{1} << 28;

}  // namespace

bool readable_now(int fd) {
  pollfd request{fd, POLLIN, 0};
  return ::poll(&request, 1, 0) > 0;
}

LineSource::LineSource(int fd) : fd_(fd) {
  struct stat status {};
  if (::fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
    input_bytes_ = static_cast<uint64_t>(status.st_size);
}

double LineSource::share_taken() const {
  return input_bytes_ == 0 ? 0 : static_cast<double>(taken_bytes_) / static_cast<double>(input_bytes_);
}

std::optional<std::string> LineSource::next(bool wait) {
  for (;;) {
    if (auto line = take_line()) return line;
    if (at_end_ || stop_requested() || !(wait || readable_now(fd_))) return std::nullopt;
    at_end_ = !fill();
  }
}

std::optional<std::string> LineSource::take_line() {
  size_t end = buffer_.find('\n', searched_);
  searched_ = buffer_.size();
  if (end == std::string::npos && !(at_end_ && !buffer_.empty())) return std::nullopt;
  end = std::min(end, buffer_.size());
  std::string line = buffer_.substr(0, end);
  taken_bytes_ += std::min(end + 1, buffer_.size());
  buffer_.erase(0, end + 1);
  searched_ = 0;
  return line;
}

// False at the end of the input.
bool LineSource::fill() {
  if (buffer_.size() > kMaxLineBytes)
    throw Error(ErrorKind::kFormat, "standard input: a line longer than 256 MB");
  char block[kBlockBytes];
  ssize_t n = 0;
  try {
    n = read_from(fd_, std::as_writable_bytes(std::span(block)), stop_requested);
  } catch (const Error&) {  // stopped
    return true;
  }
  if (n < 0) throw Error(ErrorKind::kIo, std::string("standard input: cannot read: ") + std::strerror(errno));
  buffer_.append(block, static_cast<size_t>(n));
  return n > 0;
}

}  // namespace rwkv
