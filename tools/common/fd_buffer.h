// Input and output that signals can end.
#pragma once
#include <array>
#include <cstddef>
#include <memory>
#include <streambuf>

namespace rwkv {

// The standard library's buffers continue to read after a signal, so Ctrl-C would do nothing while a tool
// waits for input. This buffer ends once stop_requested(). It passes on what one read() returns, so bytes
// from a pipe are seen as they arrive. A read error sets the stream's badbit. Does not own the descriptor,
// which may be non-blocking.
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
  std::unique_ptr<char[]> block_;  // memory that no input fills is never accessed
};

// The same for output: waits for a stalled reader, but once stop_requested() only as long as write_to() does.
// Then, and when writing fails, sets the stream's badbit.
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

// Waits until the descriptor can take more; false once stop_requested(). Work that starts after this call is
// not lost when the reader stalls.
bool await_output(int descriptor);

}  // namespace rwkv
