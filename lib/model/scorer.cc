#include "model/scorer.h"

#include <algorithm>
#include <utility>

namespace rwkv {

Scorer::Scorer(const Model& model, ScoreRun run, Workspace& workspace,
               std::function<void(const ScoredRow&)> on_row)
    : model_(model), run_(std::move(run)), workspace_(workspace), on_row_(std::move(on_row)) {}

void Scorer::add(std::span<const TokenId> tokens) {
  for (const TokenId token : tokens) {
    if (n_in_window_ == 0) begin_window(token);
    pending_.push_back(token);
    ++n_in_window_;
    if (n_in_window_ == run_.window) {
      run_rows(pending_.size());
      n_in_window_ = 0;
    } else if (pending_.size() > kRowsOfPass) {
      run_rows(kRowsOfPass);
    }
  }
}

void Scorer::begin_window(TokenId first) {
  state_ = run_.start.state;
  if (run_.start.pending) {
    pending_.push_back(*run_.start.pending);
    start_is_pending_ = true;
  } else if (!run_.start.logits.empty()) {
    on_row_({std::nullopt, first, run_.start.logits, summarize_row(run_.start.logits)});
  }
}

// Runs the first n pending tokens, which all belong to one window.
void Scorer::run_rows(size_t n) {
  const size_t n_vocab = model_.info().n_vocab;
  for (size_t n_rows = 0; n > 0; n -= n_rows) {
    n_rows = std::min(n, kRowsOfPass);
    logits_.resize(n_rows * n_vocab);
    const Segment segment{std::span(pending_).first(n_rows), &state_};
    model_.forward({&segment, 1}, LogitRows::kAll, {logits_.data(), n_rows, n_vocab}, workspace_);
    hand_out(n_rows);
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(n_rows));
  }
}

void Scorer::hand_out(size_t n_rows) {
  const MatSpan<const float> rows(logits_.data(), n_rows, model_.info().n_vocab);
  const auto summaries = summarize_rows(rows, workspace_.pool());
  for (size_t i = 0; i < n_rows; ++i) {
    ScoredRow row{std::nullopt, std::nullopt, rows.row(i), summaries[i]};
    if (i + 1 < pending_.size()) row.next = pending_[i + 1];
    if (!std::exchange(start_is_pending_, false)) row.position = position_++;
    on_row_(row);
  }
}

}  // namespace rwkv
