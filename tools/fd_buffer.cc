#include "fd_buffer.h"

#include <unistd.h>

#include <cerrno>
#include <ios>

#include "tool.h"

namespace rwkv {

FdBuffer::int_type FdBuffer::underflow() {
  ssize_t n = -1;
  while (n < 0 && !stop_requested()) {
    n = ::read(descriptor_, block_.data(), block_.size());
    if (n < 0 && errno != EINTR) throw std::ios_base::failure("read");  // caught by the stream
  }
  if (n <= 0) return traits_type::eof();
  setg(block_.data(), block_.data(), block_.data() + n);
  return traits_type::to_int_type(block_[0]);
}

}  // namespace rwkv
