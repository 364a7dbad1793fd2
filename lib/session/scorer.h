// Runs a text through a model and returns the logits after every token.
#pragma once
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "model/model.h"
#include "session/row_summary.h"
#include "session/sequence.h"

namespace rwkv {

struct ScoreRun {
  Sequence start;     // the beginning of every window
  size_t window = 0;  // tokens after which the state returns to `start`; 0: never
};

// The row of logits after a token. `position` is the token's place in the text; nothing for the last token of
// `start`.
struct ScoredRow {
  std::optional<size_t> position;
  std::optional<TokenId> next;  // the next token of the same window
  std::span<const float> logits;
  RowSummary summary;
};

// Takes a text in parts; memory holds a few rows, however long the text is.
class Scorer {
 public:
  // Calls on_row() once for each token, in order, up to kRowsOfPass tokens late; on_row() may throw. `model`
  // and `workspace` must outlive this. add() and finish(): Error kFormat at a logit that is not finite.
  Scorer(const Model& model, ScoreRun run, Workspace& workspace,
         std::function<void(const ScoredRow&)> on_row);

  void add(std::span<const TokenId> tokens);
  // Call at the end of the text: hands out the remaining rows.
  void finish() { run_rows(pending_.size()); }

 private:
  void begin_window(TokenId first);
  void run_rows(size_t n);
  void hand_out(const PassLogits& pass);

  const Model& model_;
  ScoreRun run_;
  Workspace& workspace_;
  std::function<void(const ScoredRow&)> on_row_;
  State state_;
  std::vector<TokenId> pending_;   // tokens of the window that were not run yet
  bool start_is_pending_ = false;  // the first of pending_ is start.pending
  size_t position_ = 0;            // of the first token of pending_ that belongs to the text
  size_t n_in_window_ = 0;
};

}  // namespace rwkv
