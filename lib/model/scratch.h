// Temporaries of a forward pass that are allocated once and used again.
#pragma once
#include <cstddef>
#include <memory>
#include <new>
#include <vector>

#include "core/mat_span.h"

namespace rwkv {

// Returns matrices in the order of the calls; reset() starts again with the same memory. Since every pass
// asks in the same order, nothing is allocated after the largest pass so far.
class Scratch {
 public:
  // Uninitialised, every row 64-byte aligned, valid until reset().
  MatSpan<float> matrix(size_t rows, size_t cols) {
    if (next_ == blocks_.size()) blocks_.emplace_back();
    Block& block = blocks_[next_++];
    const size_t stride = row_stride(cols);
    if (block.size < rows * stride) block = Block(rows * stride);
    return {block.floats.get(), rows, cols, stride};
  }
  void reset() { next_ = 0; }
  // reset_to(mark) takes back all matrices that were returned after the mark.
  size_t mark() const { return next_; }
  void reset_to(size_t mark) { next_ = mark; }

 private:
  static constexpr std::align_val_t kAlignment{64};
  // An odd number of cache lines: rows a power of two apart would all compete for the same few lines of the
  // first-level cache.
  static constexpr size_t row_stride(size_t cols) {
    constexpr size_t kLine = 16;
    return ((cols + kLine - 1) / kLine | 1) * kLine;
  }
  struct Free {
    void operator()(float* p) const { ::operator delete[](p, kAlignment); }
  };
  struct Block {
    Block() = default;
    explicit Block(size_t n) : floats(new (kAlignment) float[n]), size(n) {}
    std::unique_ptr<float[], Free> floats;
    size_t size = 0;
  };
  std::vector<Block> blocks_;
  size_t next_ = 0;
};

}  // namespace rwkv
