// Input and output that a signal can end.
#pragma once
#include <array>
#include <cstddef>
#include <memory>
#include <streambuf>

namespace rwkv {

// The standard library's own buffers go on reading after a signal, so that Ctrl-C would do nothing while a
// tool waits for input. This one is at its end as soon as stop_requested(). It gives what one read() has
// given: what comes through a pipe is seen as it comes. A read error sets the stream's badbit. Does not own
// the descriptor, which may be non-blocking.
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

// Likewise for output: a reader that has stalled is waited for, but once stop_requested() no longer than
// write_to() does. Then, or when writing fails, the stream's badbit is set.
class FdOutputBuffer : public std::streambuf {
 public:
  explicit FdOutputBuffer(int descriptor) : descriptor_(descriptor) { empty(); }

 protected:
  int_type overflow(int_type byte) override;
  std::streamsize xsputn(const char* bytes, std::streamsize n) override;
  int sync() override;

 private:
  static constexpr size_t kBlockBytes = 1 << 14;

  void empty() { setp(block_.data(), block_.data() + block_.size()); }
  void write(const char* bytes, size_t n);

  int descriptor_;
  std::array<char, kBlockBytes> block_;
};

// Waits until the descriptor takes more; false as soon as stop_requested(). What is not begun before is not
// lost when nobody reads on.
bool await_output(int descriptor);

}  // namespace rwkv
