// Writes on a thread of its own, while the next block is being made.
#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace rwkv {

// Blocks are written in the order in which they come. An error of `write` is thrown by the next call. Where
// no thread can be had, they are written at once.
class WriteBehind {
 public:
  using Write = std::function<void(std::span<const std::byte>)>;

  explicit WriteBehind(Write write);
  WriteBehind(const WriteBehind&) = delete;
  WriteBehind& operator=(const WriteBehind&) = delete;
  ~WriteBehind();

  // A buffer of n bytes to be filled, then given to submit(), which waits while two others are to be written.
  std::vector<std::byte> buffer(size_t n_bytes);
  void submit(std::vector<std::byte> buffer);
  // Bytes that stay where they are until done() is called, on either thread.
  void submit(std::span<const std::byte> bytes, std::function<void()> done);
  // Waits until all is written.
  void finish();

 private:
  struct Shared;
  std::unique_ptr<Shared> shared_;
};

}  // namespace rwkv
