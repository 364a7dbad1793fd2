// Visits the tensors of a plan in blocks of a few megabytes, and releases the pages it has passed.
#pragma once
#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "checkpoint/convert.h"
#include "tensor/pack.h"

namespace rwkv {

class BlockWalk {
 public:
  // `pool` makes the tensors that the file does not hold as they are.
  BlockWalk(const ConversionPlan& plan, const ProgressCallback& progress, ThreadPool& pool)
      : file_(*plan.source), progress_(progress), pool_(pool) {
    for (const PlannedTensor& tensor : plan.tensors) total_bytes_ += byte_size(tensor.source);
  }

  // Calls body(bytes, index of the first element) for a plain tensor; for a tensor in another layout, bytes
  // and their offset. The body calls release() for the bytes, at once or later.
  template <class Body>
  void for_each_block(const TensorView& tensor, Body&& body) {
    const size_t element_bytes = is_laid_out(tensor) ? 1 : dtype_info(tensor.dtype).bytes;
    const size_t step = kBlockElements * element_bytes;
    const auto bytes = contiguous(tensor).bytes;
    for (size_t begin = 0; begin < bytes.size(); begin += step) {
      const auto block = bytes.subspan(begin, std::min(step, bytes.size() - begin));
      body(block, begin / element_bytes);
      add_done(block.size());
    }
  }

  // Calls body(matrix without strides, first strip, number of strips) for the strips that the tensor becomes.
  template <class Body>
  void for_each_strips(const TensorView& tensor, const Strips& strips, Body&& body) {
    const uint64_t step = std::max<uint64_t>(1, kBlockElements / strips.elements);
    const TensorView matrix = contiguous(tensor);
    for (uint64_t first = 0; first < strips.count; first += step) {
      const uint64_t n = std::min(step, strips.count - first);
      body(matrix, first, n);
      if (first + n < strips.count) add_done(byte_size(tensor) / strips.count * n);
    }
    release(tensor.bytes);
    add_done(byte_size(tensor) - byte_size(tensor) / strips.count * ((strips.count - 1) / step * step));
  }

  // The share of all work that is done, when the work for tensors to come is known elsewhere.
  void report_ahead(double share) {
    ahead_bytes_ = std::max(ahead_bytes_, static_cast<uint64_t>(share * static_cast<double>(total_bytes_)));
    add_done(0);
  }

  // May be called on any thread.
  void release(std::span<const std::byte> part) const { file_.release(part); }

 private:
  // Whole megabytes: the system maps a file's pages in runs, so after smaller steps released pages would be
  // mapped again.
  static constexpr size_t kBlockElements = 1 << 20;

  TensorView contiguous(const TensorView& tensor) {
    if (tensor.packed()) return tensor;
    TensorView gathered = tensor;
    gathered.bytes = packed_bytes(tensor, scratch_, &pool_);
    gathered.strides.clear();
    gathered.source.reset();
    release(tensor.bytes);
    return gathered;
  }

  void add_done(uint64_t n_bytes) {
    done_bytes_ += n_bytes;
    if (progress_) progress_(std::max(done_bytes_, ahead_bytes_), total_bytes_);
  }

  const TensorFile& file_;
  const ProgressCallback& progress_;
  ThreadPool& pool_;
  uint64_t total_bytes_ = 0, done_bytes_ = 0, ahead_bytes_ = 0;
  std::vector<std::byte> scratch_;
};

}  // namespace rwkv
