// Runs a text through a model and hands out the logits of every token.
#pragma once
#include <functional>
#include <optional>
#include <span>

#include "model/model.h"

namespace rwkv {

struct ScoreRun {
  State initial;               // of every window
  std::optional<TokenId> bos;  // read in front of every window
  size_t window = 0;           // tokens after which the state is set back to `initial`; 0: never
};

// The row of logits after a token. `position` is that of the token in the text; nothing for the bos token.
struct ScoredRow {
  std::optional<size_t> position;
  std::optional<TokenId> next;  // the token that follows in the same window
  std::span<const float> logits;
};

// Calls `on_row` for every token, in order, in memory for a few rows. It may throw to end the run.
void score(const Model& model, const ScoreRun& run, std::span<const TokenId> tokens, Workspace& workspace,
           const std::function<void(const ScoredRow&)>& on_row);

}  // namespace rwkv
