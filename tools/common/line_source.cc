#include "common/line_source.h"

#include <poll.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <string_view>

#include "common/memory.h"
#include "common/tool.h"
#include "core/byte_order_mark.h"
#include "core/descriptor.h"
#include "core/error.h"

namespace rwkv {
namespace {

constexpr size_t kBlockBytes = 1 << 16;
constexpr size_t kMostLineBytes = size_t{1} << 28;

}  // namespace

bool readable_now(int fd) {
  pollfd request{fd, POLLIN, 0};
  return ::poll(&request, 1, 0) > 0;
}

// What is made of a line, ids and answer, takes a few times its bytes.
LineSource::LineSource(int fd) : fd_(fd), max_line_bytes_(bounded_by_memory(kMostLineBytes, 8)) {
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
  const size_t begin = n_lines_++ == 0 && buffer_.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  std::string line = buffer_.substr(begin, end - begin);
  taken_bytes_ += std::min(end + 1, buffer_.size());
  buffer_.erase(0, end + 1);
  searched_ = 0;
  return line;
}

// False at the end of the input.
bool LineSource::fill() {
  if (buffer_.size() > max_line_bytes_) {
    throw Error(ErrorKind::kFormat, "standard input: line " + std::to_string(n_lines_ + 1) +
                                        " is longer than " + std::to_string(max_line_bytes_ / 1'000'000) +
                                        " MB, and memory is bounded");
  }
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
