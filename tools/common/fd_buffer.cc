#include "common/fd_buffer.h"

#include <unistd.h>

#include <cerrno>
#include <ios>

#include "common/tool.h"

namespace rwkv {

FdBuffer::int_type FdBuffer::underflow() {
  ssize_t n = -1;
  while (n < 0 && !stop_requested()) {
    n = ::read(descriptor_, block_.get(), block_bytes_);
    if (n < 0 && errno != EINTR) throw std::ios_base::failure("read");  // caught by the stream
  }
  if (n <= 0) return traits_type::eof();
  setg(block_.get(), block_.get(), block_.get() + n);
  return traits_type::to_int_type(block_[0]);
}

}  // namespace rwkv
