#include "common/fd_buffer.h"

#include <poll.h>

#include <algorithm>
#include <ios>
#include <span>

#include "common/signals.h"
#include "core/descriptor.h"
#include "core/error.h"

namespace rwkv {

FdBuffer::int_type FdBuffer::underflow() {
  ssize_t n = 0;
  try {
    n = read_from(descriptor_, std::as_writable_bytes(std::span(block_.get(), block_bytes_)), stop_requested);
  } catch (const Error&) {  // stopped
  }
  if (n < 0) throw std::ios_base::failure("read");  // caught by the stream
  if (n == 0) return traits_type::eof();
  setg(block_.get(), block_.get(), block_.get() + n);
  return traits_type::to_int_type(block_[0]);
}

void FdOutputBuffer::write(const char* bytes, size_t n) {
  for (auto left = std::as_bytes(std::span(bytes, n)); !left.empty();) {
    const ssize_t written = write_to(descriptor_, left, stop_requested);
    if (written < 0) throw std::ios_base::failure("write");  // caught by the stream
    left = left.subspan(static_cast<size_t>(written));
  }
}

int FdOutputBuffer::sync() {
  const auto n = static_cast<size_t>(pptr() - pbase());
  empty();  // what cannot be written now is not tried again
  write(pbase(), n);
  return 0;
}

FdOutputBuffer::int_type FdOutputBuffer::overflow(int_type byte) {
  sync();
  if (traits_type::eq_int_type(byte, traits_type::eof())) return traits_type::not_eof(byte);
  return sputc(traits_type::to_char_type(byte));
}

std::streamsize FdOutputBuffer::xsputn(const char* bytes, std::streamsize n) {
  if (n > epptr() - pptr()) sync();
  if (n > epptr() - pptr()) {
    write(bytes, static_cast<size_t>(n));
  } else {
    pbump(static_cast<int>(std::copy_n(bytes, n, pptr()) - pptr()));
  }
  return n;
}

bool await_output(int descriptor) {
  if (descriptor < 0) return !stop_requested();  // poll() would wait for it for ever
  pollfd request{descriptor, POLLOUT, 0};
  while (!stop_requested() && ::poll(&request, 1, -1) < 0) {
  }
  return !stop_requested();
}

}  // namespace rwkv
