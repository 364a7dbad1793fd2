#include "session/runner.h"

#include <algorithm>
#include <utility>

namespace rwkv {
namespace {

// The sequence has these tokens now, the last of them not fed yet.
void append(Sequence& sequence, std::span<const TokenId> tokens) {
  sequence.pending = tokens.back();
  sequence.logits.clear();
  sequence.n_tokens += tokens.size();
}

// The last token read stays pending, the one before it is fed.
size_t n_fed(const Reading& reading) { return reading.tokens.size() - (reading.sequence->pending ? 0 : 1); }

}  // namespace

Runner::Runner(const Model& model, size_t n_threads, std::function<bool()> stop)
    : model_(&model), workspace_(n_threads), stop_(std::move(stop)) {}

Sequence Runner::new_sequence() const {
  Sequence sequence;
  sequence.state = model_->initial_state();
  return sequence;
}

void Runner::read(Sequence& sequence, std::span<const TokenId> tokens) {
  while (!tokens.empty()) {
    const Reading reading{&sequence, tokens.first(std::min(tokens.size(), kRowsOfPass))};
    step({}, {&reading, 1});
    tokens = tokens.subspan(reading.tokens.size());
    if (stop_ && stop_()) return;
  }
}

std::vector<std::span<float>> Runner::step(std::span<Sequence* const> drawing,
                                           std::span<const Reading> reading) {
  size_t n_scored = 0;
  for (const Reading& r : reading) n_scored += r.wants_logits ? n_fed(r) : 0;
  std::vector<Segment> segments;
  auto rows = add_drawing(drawing, n_scored, segments);
  const size_t n_vocab = model_->info().n_vocab, n_drawn = segments.size();
  add_reading(reading, segments);
  const MatSpan<float> fed_rows(logits_.data(), n_drawn + n_scored, n_vocab);
  if (!segments.empty()) model_->forward(segments, LogitRows::kAll, fed_rows, workspace_);
  for (size_t i = 0; i < n_scored; ++i)
    rows.push_back(std::span(logits_).subspan((n_drawn + i) * n_vocab, n_vocab));
  for (Sequence* sequence : drawing) sequence->pending.reset();
  for (const Reading& r : reading) append(*r.sequence, r.tokens);
  return rows;
}

// The rows that forward() writes come first, in the order of the segments; behind them those known already.
std::vector<std::span<float>> Runner::add_drawing(std::span<Sequence* const> drawing, size_t n_more,
                                                  std::vector<Segment>& segments) {
  const size_t n_vocab = model_->info().n_vocab;
  logits_.resize((drawing.size() + n_more) * n_vocab);
  const auto row = [&](size_t i) { return std::span(logits_).subspan(i * n_vocab, n_vocab); };
  std::vector<std::span<float>> rows;
  size_t n_known = 0;
  for (Sequence* sequence : drawing) {
    if (sequence->n_tokens == 0) append(*sequence, {&kEndOfTextId, 1});
    if (sequence->pending) {
      rows.push_back(row(segments.size()));
      segments.push_back({{&*sequence->pending, 1}, &sequence->state});
    } else {
      rows.push_back(row(drawing.size() + n_more - ++n_known));
      std::ranges::copy(std::exchange(sequence->logits, {}), rows.back().begin());
    }
  }
  return rows;
}

void Runner::add_reading(std::span<const Reading> reading, std::vector<Segment>& segments) {
  fed_.clear();
  std::vector<size_t> ends;
  for (const Reading& r : reading) {
    if (r.sequence->pending) fed_.push_back(*r.sequence->pending);
    fed_.insert(fed_.end(), r.tokens.begin(), r.tokens.end() - 1);
    ends.push_back(fed_.size());
  }
  size_t begin = 0;
  for (size_t i = 0; i < reading.size(); begin = ends[i++]) {
    const auto fed = std::span(fed_).subspan(begin, ends[i] - begin);
    if (!fed.empty()) segments.push_back({fed, &reading[i].sequence->state, reading[i].wants_logits});
  }
}

}  // namespace rwkv
