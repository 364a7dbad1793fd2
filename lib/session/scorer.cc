#include "session/scorer.h"

#include <cmath>
#include <string>
#include <utility>

#include "core/error.h"
#include "sampling/log_prob.h"

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
    check_logits(run_.start.logits);
    on_row_({std::nullopt, first, run_.start.logits, summarize_row(run_.start.logits)});
  }
}

// Runs the first n pending tokens, which all belong to one window.
void Scorer::run_rows(size_t n) {
  if (n == 0) return;
  const Segment segment{std::span(pending_).first(n), &state_};
  model_.forward(
      {&segment, 1}, LogitRows::kAll, [&](const PassLogits& pass) { hand_out(pass); }, workspace_);
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(n));
}

void Scorer::hand_out(const PassLogits& pass) {
  const auto summaries = summarize_rows(pass.logits, workspace_.pool());
  for (size_t i = 0; i < pass.rows.size(); ++i) {
    ScoredRow row{std::nullopt, std::nullopt, pass.logits.row(i), summaries[i]};
    const size_t next = pass.rows[i].token + 1;
    if (next < pending_.size()) row.next = pending_[next];
    if (!std::exchange(start_is_pending_, false)) row.position = position_++;
    if (std::isnan(row.summary.log_sum)) {
      throw Error(ErrorKind::kFormat,
                  (row.position ? "id " + std::to_string(*row.position) : "the first id") +
                      " is followed by logits that are no finite numbers: the model or the state is "
                      "broken");
    }
    on_row_(row);
  }
}

}  // namespace rwkv
