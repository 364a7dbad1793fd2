// A file that is read from beginning to end.
#pragma once
#include <sys/types.h>

#include <cstddef>
#include <istream>
#include <string>

#include "common/fd_buffer.h"
#include "common/tool.h"
#include "core/descriptor.h"
#include "core/error.h"

namespace rwkv {

// Opens for reading; "-" is standard input, which is not closed.
class InputFile {
 public:
  // A pipe gets a buffer of about `block_bytes`, so that its writer can continue while a block is processed.
  // Error kIo, its message beginning with name(): missing, not readable, a directory. If standard input is a
  // terminal, a line on stderr says that the tool waits for `what`.
  InputFile(const std::string& path, size_t block_bytes, std::string_view what);
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  // For messages: the path, or "standard input".
  const std::string& name() const { return name_; }
  // Ends once stop_requested(). Flushes std::cout before it waits for more.
  std::istream& stream() { return stream_; }
  int descriptor() const { return descriptor_; }
  // Calls body(), which reads the stream. Puts name() in front of an Error from body(); after a signal, which
  // may have cut the input anywhere, returns an empty result instead of the Error.
  template <class Body>
  auto read(Body&& body) {
    try {
      return with_context(name_, body);
    } catch (const Error&) {
      if (!stop_requested()) throw;
    }
    return decltype(body())();
  }
  // The share of the input that was read; 0 if the size is not known.
  double share_read() const;

 private:
  std::string name_;
  Descriptor opened_;  // none: standard input
  int descriptor_;
  off_t begin_ = 0, end_ = 0;  // in a regular file
  FdBuffer buffer_;
  std::istream stream_{&buffer_};
};

}  // namespace rwkv
