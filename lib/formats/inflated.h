// Bytes that lie compressed in a file, made when they are wanted.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace rwkv {

// A raw deflate stream (RFC 1951), as a zip archive holds it. Threads may share it; one reads at a time.
class Inflated {
 public:
  // The stream must outlive it. Error kFormat when it cannot hold so many bytes.
  Inflated(std::span<const std::byte> stream, uint64_t n_bytes);
  Inflated(const Inflated&) = delete;
  Inflated& operator=(const Inflated&) = delete;
  ~Inflated();

  uint64_t size() const { return n_bytes_; }
  // Bytes from `offset` on. Reading goes on where the last call ended; to go back is to begin anew. Error
  // kFormat: the stream is broken, or ends early.
  void read(uint64_t offset, std::span<std::byte> out) const;
  std::vector<std::byte> all() const;

 private:
  struct Decoder;
  std::span<const std::byte> stream_;
  uint64_t n_bytes_;
  std::unique_ptr<Decoder> decoder_;
};

}  // namespace rwkv
