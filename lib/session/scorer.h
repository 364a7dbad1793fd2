// Runs a text through a model and hands out the logits of every token.
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
  Sequence start;     // what every window goes on from
  size_t window = 0;  // tokens after which the state is set back to `start`; 0: never
};

// The row of logits after a token. `position` is that of the token in the text; nothing for what `start` ends
// with.
struct ScoredRow {
  std::optional<size_t> position;
  std::optional<TokenId> next;  // the token that follows in the same window
  std::span<const float> logits;
  RowSummary summary;
};

// Takes a text in parts, in memory for some rows however long it is.
class Scorer {
 public:
  // `on_row` is called for every token, in order, some tokens late; it may throw to end the run. `model` and
  // `workspace` must outlive this. add() and finish(): Error kFormat at logits that are not all finite.
  Scorer(const Model& model, ScoreRun run, Workspace& workspace,
         std::function<void(const ScoredRow&)> on_row);

  void add(std::span<const TokenId> tokens);
  // The text has ended: hands out the rows that are left.
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
  std::vector<TokenId> pending_;   // of the window: not run yet
  bool start_is_pending_ = false;  // the first of them is start.pending
  size_t position_ = 0;            // of the first of them that is the text's
  size_t n_in_window_ = 0;
};

}  // namespace rwkv
