// One layer of a model and what it is given to run.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "core/mat_span.h"
#include "core/thread_pool.h"
#include "model/scratch.h"
#include "model/state.h"

namespace rwkv {

// Rows [first_row, first_row + n_rows) of a pass: consecutive tokens of one sequence.
struct SequenceRows {
  size_t first_row, n_rows;
  State* state;
};

// The rows that go through a layer together.
struct Pass {
  MatSpan<float> x;  // [rows, C] the residual, changed in place
  std::span<const SequenceRows> sequences;
  std::span<const uint32_t> sequence_of;  // [rows]
  std::span<const TokenId> tokens;        // [rows]
  Scratch& scratch;
  ThreadPool& pool;
  size_t layer = 0;
  MatSpan<const float> embedded{};  // [rows, C] x as it entered the first layer
  MatSpan<float> v_first{};         // [rows, A] RWKV-7: values of the first layer, for those above

  size_t n_rows() const { return x.rows; }
  std::span<float> state(size_t sequence, size_t part) const {
    return sequences[sequence].state->part(layer, part);
  }
};

class Layer {
 public:
  virtual ~Layer() = default;
  virtual void forward(Pass& pass) const = 0;
};

// Calls body(row) for every row, on several threads when rows * cols is worth it.
template <class Body>
void for_rows(Pass& pass, size_t cols, Body&& body) {
  const size_t grain = std::max<size_t>(1, kParallelElements / std::max<size_t>(1, cols));
  pass.pool.for_ranges(pass.n_rows(), grain, [&](size_t begin, size_t end) {
    for (size_t row = begin; row < end; ++row) body(row);
  });
}

}  // namespace rwkv
