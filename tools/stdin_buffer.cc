#include "stdin_buffer.h"

#include <unistd.h>

#include <cerrno>
#include <ios>

#include "tool.h"

namespace rwkv {

StdinBuffer::int_type StdinBuffer::underflow() {
  ssize_t n = -1;
  while (n < 0 && !stop_requested()) {
    n = ::read(STDIN_FILENO, block_.data(), block_.size());
    if (n < 0 && errno != EINTR) throw std::ios_base::failure("read");  // caught by the stream
  }
  if (n <= 0) return traits_type::eof();
  setg(block_.data(), block_.data(), block_.data() + n);
  return traits_type::to_int_type(block_[0]);
}

}  // namespace rwkv
