// Scores several continuations of each of several texts.
#pragma once
#include <deque>
#include <functional>
#include <span>
#include <vector>

#include "model/model.h"
#include "session/row_summary.h"
#include "session/sequence.h"

namespace rwkv {

struct TokenScore {
  double log_prob = 0;     // natural logarithm; NaN where the logits are not all finite
  bool likeliest = false;  // the likeliest of all tokens (of equal ones the lowest id)

  bool operator==(const TokenScore&) const = default;
};

struct Branch {
  std::vector<TokenId> tokens;
  size_t n_given = 0;                // of the first tokens, which are read, not scored
  std::vector<TokenScore> scores{};  // the result: one for each scored token
};

// A beginning, which is read once, and its possible continuations.
struct Tree {
  std::vector<TokenId> stem;
  std::vector<Branch> branches;
};

class BranchScorer {
 public:
  // Every stem follows `start`. Memory holds one state for each tree and at most `max_states` (at least 1)
  // for branches. Calls on_pass() with the number of tokens after each pass over the weights; on_pass() may
  // throw to end the run. `model` and `workspace` must outlive this.
  BranchScorer(const Model& model, Sequence start, size_t max_states, Workspace& workspace,
               std::function<void(size_t)> on_pass);

  // Fills in the scores of all branches; the bits of a branch do not depend on the others. A branch with
  // n_given = 0 needs something that predicts its first token: a stem, or a `start` that is not empty.
  void score(std::span<Tree> trees);

 private:
  // A token read, and the logits after it.
  struct Row;
  void read_stems(std::span<Tree> trees);
  void read_branches(std::span<Tree> trees);
  void read(std::span<const Segment> batch, LogitRows which, const std::function<void(const Row&)>& on_row);

  const Model& model_;
  Sequence start_;
  size_t max_states_;
  Workspace& workspace_;
  std::function<void(size_t)> on_pass_;
  std::vector<State> stem_states_;   // one for each tree
  std::deque<State> branch_states_;  // kept from batch to batch; grows without moving
};

}  // namespace rwkv
