// Reading from a stream what is there.
#pragma once
#include <algorithm>
#include <istream>
#include <span>

#include "core/error.h"

namespace rwkv {

// Waits for at least one byte, then takes what the stream's buffer holds and no more: what comes through a
// pipe is seen as it comes. Returns how many bytes; 0 at the end. Error kIo when reading failed.
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
