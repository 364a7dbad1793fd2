// A file to be read from its beginning to its end.
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

// Open for reading; "-" is standard input, which is not closed.
class InputFile {
 public:
  // A pipe gets room for about `block_bytes`, so that its writer goes on while a block is worked on. Error
  // kIo, its message beginning with name(): not there, not readable, a directory.
  // Standard input that is a terminal is told of on stderr, with `what` is waited for.
  InputFile(const std::string& path, size_t block_bytes, std::string_view what);
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  // For messages: the path, or "standard input".
  const std::string& name() const { return name_; }
  // At its end as soon as stop_requested(). What was written to std::cout leaves before it waits for more.
  std::istream& stream() { return stream_; }
  int descriptor() const { return descriptor_; }
  // Calls body(), which reads the stream. An Error that leaves it begins with name(); after a signal, which
  // may have cut the input anywhere, it is no Error but an empty result.
  template <class Body>
  auto read(Body&& body) {
    try {
      return with_context(name_, body);
    } catch (const Error&) {
      if (!stop_requested()) throw;
    }
    return decltype(body())();
  }
  // The part that has been read of what there was to read; 0 where that is not known.
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
