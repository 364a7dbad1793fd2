// Writes on a thread of its own while the caller makes the next block.
#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace rwkv {

// Writes blocks in the order of the calls. The next call throws an error of `write`. If the system refuses a
// thread, blocks are written at once.
class WriteBehind {
 public:
  using Write = std::function<void(std::span<const std::byte>)>;

  explicit WriteBehind(Write write);
  WriteBehind(const WriteBehind&) = delete;
  WriteBehind& operator=(const WriteBehind&) = delete;
  ~WriteBehind();

  // A buffer of n bytes to fill and give to submit(), which waits while two others are still unwritten.
  std::vector<std::byte> buffer(size_t n_bytes);
  void submit(std::vector<std::byte> buffer);
  // Submits bytes that do not move until done() is called, which happens on either thread.
  void submit(std::span<const std::byte> bytes, std::function<void()> done);
  // Waits until everything is written.
  void finish();

 private:
  struct Shared;
  std::unique_ptr<Shared> shared_;
};

}  // namespace rwkv
