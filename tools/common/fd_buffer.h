// Input that a signal can end.
#pragma once
#include <cstddef>
#include <memory>
#include <streambuf>

namespace rwkv {

// The standard library's own buffers go on reading after a signal, so that Ctrl-C would do nothing while a
// tool waits for input. This one is at its end as soon as stop_requested(). It gives what one read() has
// given: what comes through a pipe is seen as it comes. A read error sets the stream's badbit. Does not own
// the descriptor.
class FdBuffer : public std::streambuf {
 public:
  FdBuffer(int descriptor, size_t block_bytes)
      : descriptor_(descriptor),
        block_bytes_(block_bytes),
        block_(std::make_unique_for_overwrite<char[]>(block_bytes)) {}

 protected:
  int_type underflow() override;

 private:
  int descriptor_;
  size_t block_bytes_;
  std::unique_ptr<char[]> block_;  // memory that no input fills is never touched
};

}  // namespace rwkv
