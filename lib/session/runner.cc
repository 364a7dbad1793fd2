#include "session/runner.h"

#include <algorithm>
#include <cassert>
#include <utility>

namespace rwkv {
namespace {

constexpr size_t kNoPreview = SIZE_MAX;

// Appends the tokens to the sequence; the last is pending.
void append(Sequence& sequence, std::span<const TokenId> tokens) {
  sequence.pending = tokens.back();
  sequence.logits.clear();
  sequence.n_tokens += tokens.size();
  sequence.sampler.constraint = {};  // binds what is drawn behind them
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
    step(std::span<const Drawing>(), {&reading, 1});
    tokens = tokens.subspan(reading.tokens.size());
    if (stop_ && stop_()) return;
  }
}

std::vector<std::span<float>> Runner::step(std::span<Sequence* const> drawing,
                                           std::span<const Reading> reading) {
  std::vector<Drawing> undrafted;
  for (Sequence* sequence : drawing) undrafted.push_back({sequence});
  const Rows all = step(undrafted, reading);
  std::vector<std::span<float>> rows;
  for (const auto& drawn : all.drawn) rows.push_back(drawn.row(0));
  rows.insert(rows.end(), all.read.begin(), all.read.end());
  return rows;
}

Runner::Rows Runner::step(std::span<const Drawing> drawing, std::span<const Reading> reading) {
  size_t n_scored = 0;
  for (const Reading& r : reading) n_scored += r.wants_logits ? n_fed(r) : 0;
  std::vector<Segment> segments;
  Rows rows{add_drawing(drawing, n_scored, segments), {}};
  const size_t n_vocab = model_->info().n_vocab;
  size_t n_rows = 0;
  for (const Segment& segment : segments) n_rows += segment.tokens.size();
  const MatSpan<float> drawn_rows(logits_.data(), n_rows + n_scored, n_vocab);
  add_reading(reading, segments);
  if (!segments.empty()) model_->forward(segments, LogitRows::kAll, drawn_rows, workspace_);
  for (size_t i = 0; i < n_scored; ++i) rows.read.push_back(drawn_rows.row(n_rows + i));
  for (const Drawing& drawn : drawing) drawn.sequence->pending.reset();
  for (const Reading& r : reading) append(*r.sequence, r.tokens);
  return rows;
}

// The rows that forward() writes come first, in the order of its segments: those with drafts, then the
// others. Rows that were known before come last.
std::vector<MatSpan<float>> Runner::add_drawing(std::span<const Drawing> drawing, size_t n_more,
                                                std::vector<Segment>& segments) {
  const size_t n_vocab = model_->info().n_vocab;
  size_t n_drafted = 0, n_rows = drawing.size() + n_more;
  for (const auto& [sequence, draft] : drawing) {
    if (sequence->n_tokens == 0) append(*sequence, {&kEndOfTextId, 1});
    assert(draft.empty() || sequence->pending);
    n_drafted += draft.empty() ? 0 : draft.size() + 1;
    n_rows += draft.size();
  }
  logits_.resize(n_rows * n_vocab);
  drafted_.clear();
  drafted_.reserve(n_drafted);  // segments point into it
  previews_.assign(drawing.size(), kNoPreview);
  std::vector<MatSpan<float>> rows(drawing.size());
  size_t next = 0, end = n_rows;
  const auto rows_at = [&](size_t first, size_t n) {
    return MatSpan<float>(logits_.data() + first * n_vocab, n, n_vocab);
  };
  for (size_t i = 0; i < drawing.size(); ++i) {
    if (drawing[i].draft.empty()) continue;
    previews_[i] = segments.size();
    add_drafted(drawing[i], segments);
    rows[i] = rows_at(next, drawing[i].draft.size() + 1);
    next += rows[i].rows;
  }
  for (size_t i = 0; i < drawing.size(); ++i) {
    Sequence& sequence = *drawing[i].sequence;
    if (!drawing[i].draft.empty()) continue;
    if (sequence.pending) {
      rows[i] = rows_at(next++, 1);
      segments.push_back({{&*sequence.pending, 1}, &sequence.state});
    } else {
      rows[i] = rows_at(--end, 1);
      std::ranges::copy(std::exchange(sequence.logits, {}), rows[i].row(0).begin());
    }
  }
  return rows;
}

void Runner::add_drafted(const Drawing& drawing, std::vector<Segment>& segments) {
  const size_t first = drafted_.size();
  drafted_.push_back(*drawing.sequence->pending);
  drafted_.insert(drafted_.end(), drawing.draft.begin(), drawing.draft.end());
  segments.push_back(
      {.tokens = std::span(drafted_).subspan(first), .state = &drawing.sequence->state, .preview = true});
}

void Runner::advance(std::span<const Fed> fed) {
  std::vector<Advance> segments;
  for (const auto& [index, n_tokens] : fed) {
    if (previews_[index] != kNoPreview) segments.push_back({previews_[index], n_tokens});
  }
  if (!segments.empty()) model_->advance(segments, workspace_);
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
