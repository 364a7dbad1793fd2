// Reads a stream: the bytes that it has ready, or all.
#pragma once
#include <algorithm>
#include <istream>
#include <span>
#include <string>
#include <vector>

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

// The rest of the stream. Error kIo when reading failed.
inline std::string read_all(std::istream& in) {
  std::string all;
  std::vector<char> part(1 << 16);
  while (const size_t n = read_some(in, part)) all.append(part.data(), n);
  return all;
}

}  // namespace rwkv
