// Reads what a stream has ready.
#pragma once
#include <algorithm>
#include <istream>
#include <span>

#include "core/error.h"

namespace rwkv {

// Waits for at least one byte, then takes the bytes in the stream's buffer and no more, so that bytes from a
// pipe are seen as they arrive. Returns the number of bytes; 0 at the end. Error kIo when reading failed.
inline size_t read_some(std::istream& in, std::span<char> buffer) {
  if (in.peek() == std::istream::traits_type::eof()) {
    if (in.bad()) throw Error(ErrorKind::kIo, "cannot read");
    return 0;
  }
  const auto n =
      std::min<std::streamsize>(in.rdbuf()->in_avail(), static_cast<std::streamsize>(buffer.size()));
  return static_cast<size_t>(in.rdbuf()->sgetn(buffer.data(), n));
}

}  // namespace rwkv
