// One layer of a model, and the rows it runs on.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>
#include <utility>
#include <vector>

#include "core/mat_span.h"
#include "core/thread_pool.h"
#include "kernels/matmul/matmul.h"
#include "model/scratch.h"
#include "model/state.h"

namespace rwkv {

// Rows [first_row, first_row + n_rows) of a pass: consecutive tokens of one sequence.
struct SequenceRows {
  size_t first_row, n_rows;
  State* state;
  bool preview = false;  // *state stays unchanged; a Replay advances it later
};

// The first rows of a previewed sequence, or the next ones after rows replayed before.
struct ReplayedRows {
  size_t sequence;  // the sequence's index in the pass
  size_t first_row, n_rows;
  State* state;
};
// Advances one part of one layer's state past these rows: gives the bits that a pass over them leaves.
using Replay = std::function<void(const ReplayedRows&)>;

// Kept from a pass with previewed sequences: the rows that change states, and the functions that do it.
struct Previews {
  Scratch rows;  // of all layers
  std::vector<Replay> replays;
};

// Called with jobs once their products are made: x and y are there, no job is lazy.
using ProductObserver = std::function<void(std::span<const MatmulJob>)>;

// The rows that go through a layer together.
struct Pass {
  MatSpan<float> x;  // [rows, C] the residual, changed in place
  std::span<const SequenceRows> sequences;
  std::span<const uint32_t> sequence_of;  // [rows]
  std::span<const TokenId> tokens;        // [rows]
  Scratch& scratch;
  ThreadPool& pool;
  size_t layer = 0;
  MatSpan<const float> embedded{};            // [rows, C] x at the entry of the first layer
  MatSpan<float> v_first{};                   // [rows, A] RWKV-7: v of the first layer, for the layers above
  Previews* previews = nullptr;               // not null when a sequence is previewed
  const ProductObserver* observer = nullptr;  // not null when somebody watches the products

  size_t n_rows() const { return x.rows; }
  std::span<float> state(size_t sequence, size_t part) const {
    return sequences[sequence].state->part(layer, part);
  }
  // Memory for rows that a replay needs; without previews the same as `scratch`.
  Scratch& kept() const { return previews != nullptr ? previews->rows : scratch; }
  void on_replay(Replay replay) {
    if (previews != nullptr) previews->replays.push_back(std::move(replay));
  }
};

// One part of the states of a pass, for a recurrence to change. For a previewed sequence it is a copy, which
// is dropped.
class WorkingState {
 public:
  WorkingState(Pass& pass, size_t part) : pass_(pass), part_(part) {
    if (pass.previews != nullptr)
      copies_ = pass.scratch.matrix(pass.sequences.size(), pass.state(0, part).size());
  }
  // Elements [begin, begin + n) of a sequence's part. Call once for each element.
  std::span<float> take(size_t sequence, size_t begin, size_t n) const {
    const auto own = pass_.state(sequence, part_).subspan(begin, n);
    if (!pass_.sequences[sequence].preview) return own;
    const auto copy = copies_.row(sequence).subspan(begin, n);
    std::ranges::copy(own, copy.begin());
    return copy;
  }

 private:
  const Pass& pass_;
  size_t part_;
  MatSpan<float> copies_;  // [sequences, elements of the part]
};

// matmul() for a pass. Layers multiply all stored weights by it, so that an observer sees every product.
void multiply(Pass& pass, std::span<const MatmulJob> jobs);
inline void multiply(Pass& pass, std::initializer_list<MatmulJob> jobs) {
  multiply(pass, std::span(jobs.begin(), jobs.size()));
}

class Layer {
 public:
  virtual ~Layer() = default;
  virtual void forward(Pass& pass) const = 0;
};

// Calls body(row) for every row, on several threads when there are enough elements (rows * cols).
template <class Body>
void for_rows(Pass& pass, size_t cols, Body&& body) {
  const size_t grain = std::max<size_t>(1, kParallelElements / std::max<size_t>(1, cols));
  pass.pool.for_ranges(pass.n_rows(), grain, [&](size_t begin, size_t end) {
    for (size_t row = begin; row < end; ++row) body(row);
  });
}

}  // namespace rwkv
