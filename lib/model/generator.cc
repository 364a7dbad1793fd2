#include "model/generator.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace rwkv {
namespace {

constexpr size_t kRowsAtOnce = 128;
constexpr TokenId kEndOfText = 0;

std::span<const TokenId> pending_token(const Sequence& sequence) {
  if (!sequence.pending) return {};
  return {&*sequence.pending, 1};
}

// At most `n` of the reading's tokens from `offset` on, its last one excluded.
std::span<const TokenId> tokens_to_feed(const Reading& reading, size_t offset, size_t n) {
  const auto fed = reading.tokens.first(reading.tokens.size() - 1);
  if (offset >= fed.size()) return {};
  return fed.subspan(offset, std::min(n, fed.size() - offset));
}

void append(std::vector<Segment>& segments, std::span<const TokenId> tokens, Sequence& sequence) {
  if (!tokens.empty()) segments.push_back({tokens, &sequence.state});
}

}  // namespace

Generator::Generator(const Model& model, size_t n_threads, std::function<bool()> stop)
    : model_(&model), workspace_(n_threads), stop_(std::move(stop)) {}

Sequence Generator::new_sequence() const {
  Sequence sequence;
  sequence.state = model_->initial_state();
  return sequence;
}

void Generator::read(Sequence& sequence, std::span<const TokenId> tokens) {
  const Reading reading{&sequence, tokens};
  read({&reading, 1});
}

void Generator::read(std::span<const Reading> all) {
  std::vector<Reading> batch;
  std::ranges::copy_if(all, std::back_inserter(batch), [](const Reading& r) { return !r.tokens.empty(); });
  if (batch.empty()) return;

  std::vector<Segment> segments;
  for (const auto& r : batch) append(segments, pending_token(*r.sequence), *r.sequence);
  const size_t step = std::max<size_t>(1, kRowsAtOnce / batch.size());
  size_t n_fed = 0;  // of each sequence's tokens, or all but its last
  for (;; n_fed += step) {
    if (!segments.empty()) model_->forward(segments, LogitRows::kNone, {}, workspace_);
    segments.clear();
    for (const auto& r : batch) append(segments, tokens_to_feed(r, n_fed, step), *r.sequence);
    if (segments.empty() || (stop_ && stop_())) break;
  }

  for (const auto& [sequence, tokens] : batch) {
    const size_t last = std::min(n_fed, tokens.size() - 1);
    sequence->pending = tokens[last];
    sequence->logits.clear();
    sequence->n_tokens += last + 1;
  }
}

MatSpan<float> Generator::next_logits(std::span<Sequence* const> sequences) {
  const size_t n_vocab = model_->info().n_vocab;
  logits_.resize(sequences.size() * n_vocab);
  const MatSpan<float> rows(logits_.data(), sequences.size(), n_vocab);
  for (Sequence* sequence : sequences) {
    if (sequence->n_tokens == 0) read(*sequence, {&kEndOfText, 1});
  }
  for (size_t first = 0, n = 0; first < sequences.size(); first += std::max<size_t>(n, 1)) {
    n = feed_pending(sequences.subspan(first), rows, first);
    if (n == 0) std::ranges::copy(std::exchange(sequences[first]->logits, {}), rows.row_data(first));
  }
  return rows;
}

// Feeds the leading sequences that have a pending token; their rows begin at `first`. Returns how many those
// are.
size_t Generator::feed_pending(std::span<Sequence* const> sequences, MatSpan<float> rows, size_t first) {
  std::vector<Segment> segments;
  for (Sequence* sequence : sequences) {
    if (!sequence->pending) break;
    segments.push_back({pending_token(*sequence), &sequence->state});
  }
  if (segments.empty()) return 0;
  model_->forward(segments, LogitRows::kLast, rows.rows_at(first, segments.size()), workspace_);
  for (Sequence* sequence : sequences.first(segments.size())) sequence->pending.reset();
  return segments.size();
}

}  // namespace rwkv
