// Compressed bytes of a file, inflated on demand.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace rwkv {

// A raw deflate stream (RFC 1951), as zip archives store it. Threads may share it; one at a time reads.
class Inflated {
 public:
  // The stream must outlive this. Error kFormat when the stream is too short for n_bytes.
  Inflated(std::span<const std::byte> stream, uint64_t n_bytes);
  Inflated(const Inflated&) = delete;
  Inflated& operator=(const Inflated&) = delete;
  ~Inflated();

  uint64_t size() const { return n_bytes_; }
  // Reads bytes from `offset` on. Continues where the last call ended; an earlier offset starts again from
  // the beginning. Error kFormat: the stream is broken, or ends early.
  void read(uint64_t offset, std::span<std::byte> out) const;
  std::vector<std::byte> all() const;

 private:
  struct Decoder;
  std::span<const std::byte> stream_;
  uint64_t n_bytes_;
  std::unique_ptr<Decoder> decoder_;
};

}  // namespace rwkv
