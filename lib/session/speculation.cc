#include "session/speculation.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/stopwatch.h"

namespace rwkv {
namespace {

// Draws from the rows in turn for as long as the draft is right; before_row() is called ahead of each.
template <class BeforeRow>
void draw_rows(Drawn& drawn, MatSpan<float> rows, BeforeRow&& before_row) {
  Continuation& continuation = *drawn.continuation;
  try {
    for (size_t i = 0; i < rows.rows; ++i) {
      before_row();
      ++drawn.n_rows_used;
      continuation.sequence().pending.reset();  // row i is behind it
      continuation.draw_from(rows.row(i));
      const auto& token = continuation.sequence().pending;
      if (token) drawn.tokens.push_back(*token);
      if (continuation.stopped() != StopReason::kNone || i == drawn.draft.size() || token != drawn.draft[i])
        return;
    }
  } catch (...) {
    drawn.error = std::current_exception();
  }
}

}  // namespace

size_t rows_of(std::span<const Drawn> drawing) {
  size_t n = 0;
  for (const Drawn& drawn : drawing) n += drawn.draft.size() + 1;
  return n;
}

Speculation::Speculation(std::unique_ptr<Drafter> drafter, const SpeculationOptions& options)
    : drafter_(std::move(drafter)), length_(options.longest), adapts_(options.adapts) {}

void Speculation::propose(std::span<Drawn> drawing) {
  const size_t length = adapts_ ? length_.next(drawing.size()) : length_.longest(drawing.size());
  std::vector<DraftRequest> requests;
  std::vector<Drawn*> asked;
  for (Drawn& drawn : drawing) {
    if (drawn.memory == nullptr) continue;
    const Sequence& sequence = drawn.continuation->sequence();
    if (sequence.n_tokens == 0) drawn.memory->add({&kEndOfTextId, 1});  // from which the pass will begin
    if (!sequence.pending) continue;
    // The last token that may be drawn needs no draft.
    const auto n = std::min<uint64_t>(length, drawn.continuation->n_left() - 1);
    if (n == 0) continue;
    requests.push_back({drawn.memory, drawn.continuation, static_cast<size_t>(n)});
    asked.push_back(&drawn);
  }
  drafter_->read(requests);
  const Stopwatch watch;
  drafter_->propose(requests);
  size_t longest = 0;
  for (const DraftRequest& request : requests) longest = std::max(longest, request.tokens.size());
  length_.observe_draft(longest, watch.seconds());
  for (size_t i = 0; i < asked.size(); ++i) asked[i]->draft = std::move(requests[i].tokens);
}

void Speculation::learn(std::span<const Drawn> drawing, double seconds) {
  if (seconds > 0) length_.observe_pass(rows_of(drawing), seconds);
  for (const Drawn& drawn : drawing) {
    if (drawn.memory != nullptr) drawn.memory->add(drawn.tokens);
    if (drawn.draft.empty()) continue;
    const auto wrong = std::ranges::mismatch(drawn.draft, drawn.tokens).in1;
    const auto n_right = static_cast<size_t>(wrong - drawn.draft.begin());
    const size_t n_compared = std::min(drawn.tokens.size(), drawn.draft.size());
    length_.observe_accepted(n_compared, n_right);
    counts_.n_drafted += drawn.draft.size();
    counts_.n_taken += n_right;
  }
}

std::vector<std::span<float>> draw_pass(std::span<Drawn> drawing, std::span<const Reading> reading,
                                        Runner& runner) {
  std::vector<Drawing> all;
  for (const Drawn& drawn : drawing) all.push_back({&drawn.continuation->sequence(), drawn.draft});
  const auto rows = runner.step(all, reading);
  // A continuation that may have to return to an earlier token needs the state of each row; this takes all
  // threads.
  const auto in_steps = [&](size_t i) {
    return drawing[i].continuation->may_return() && !drawing[i].draft.empty();
  };
  runner.pool().for_ranges(drawing.size(), 1, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      if (!in_steps(i)) draw_rows(drawing[i], rows.drawn[i], [] {});
    }
  });
  std::vector<Runner::Fed> fed;
  for (size_t i = 0; i < drawing.size(); ++i) {
    if (in_steps(i)) {
      draw_rows(drawing[i], rows.drawn[i], [&] { runner.advance(std::array{Runner::Fed{i, 1}}); });
    } else if (!drawing[i].draft.empty()) {
      fed.push_back({i, drawing[i].n_rows_used});
    }
  }
  runner.advance(fed);
  return rows.read;
}

size_t draw_next(Continuation& continuation, DraftMemory* memory, Speculation* speculation, Runner& runner) {
  Drawn drawn{.continuation = &continuation, .memory = memory};
  if (speculation != nullptr) speculation->propose({&drawn, 1});
  const Stopwatch watch;
  draw_pass({&drawn, 1}, {}, runner);
  if (speculation != nullptr) speculation->learn({&drawn, 1}, watch.seconds());
  if (drawn.error) std::rethrow_exception(drawn.error);
  return drawn.n_rows_used;
}

}  // namespace rwkv
