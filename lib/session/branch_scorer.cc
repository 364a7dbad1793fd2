#include "session/branch_scorer.h"

#include <utility>

namespace rwkv {
namespace {

TokenScore score_of(TokenId token, std::span<const float> logits, const RowSummary& summary) {
  return {logits[token] - summary.log_sum, token == summary.likeliest};
}

// From the logits after the stem.
void score_first_tokens(Tree& tree, std::span<const float> logits, const RowSummary& summary) {
  for (Branch& branch : tree.branches) {
    if (branch.n_given == 0 && !branch.tokens.empty())
      branch.scores[0] = score_of(branch.tokens[0], logits, summary);
  }
}

}  // namespace

struct BranchScorer::Row {
  BatchRow at;
  std::span<const float> logits;
  RowSummary summary;
};

BranchScorer::BranchScorer(const Model& model, Sequence start, size_t max_states, Workspace& workspace,
                           std::function<void(size_t)> on_pass)
    : model_(model),
      start_(std::move(start)),
      max_states_(max_states),
      workspace_(workspace),
      on_pass_(std::move(on_pass)) {}

void BranchScorer::score(std::span<Tree> trees) {
  for (Tree& tree : trees) {
    for (Branch& branch : tree.branches) branch.scores.resize(branch.tokens.size() - branch.n_given);
  }
  read_stems(trees);
  read_branches(trees);
}

void BranchScorer::read_stems(std::span<Tree> trees) {
  stem_states_.assign(trees.size(), start_.state);
  std::vector<std::vector<TokenId>> stems;
  for (const Tree& tree : trees) {
    auto& stem = stems.emplace_back(tree.stem);
    if (start_.pending) stem.insert(stem.begin(), *start_.pending);
  }
  std::vector<Segment> batch;
  std::vector<size_t> tree_of;
  for (size_t i = 0; i < trees.size(); ++i) {
    if (!stems[i].empty()) {
      batch.push_back({stems[i], &stem_states_[i]});
      tree_of.push_back(i);
    } else if (!start_.logits.empty()) {
      score_first_tokens(trees[i], start_.logits, summarize_row(start_.logits));
    }
  }
  read(batch, LogitRows::kLast,
       [&](const Row& row) { score_first_tokens(trees[tree_of[row.at.segment]], row.logits, row.summary); });
}

void BranchScorer::read_branches(std::span<Tree> trees) {
  std::vector<Segment> batch;
  std::vector<Branch*> branches;
  const auto read_batch = [&] {
    read(batch, LogitRows::kAll, [&](const Row& row) {
      Branch& branch = *branches[row.at.segment];
      const size_t predicted = row.at.token + 1;
      if (predicted < branch.n_given) return;
      branch.scores[predicted - branch.n_given] = score_of(branch.tokens[predicted], row.logits, row.summary);
    });
    batch.clear(), branches.clear();
  };
  for (size_t i = 0; i < trees.size(); ++i) {
    for (Branch& branch : trees[i].branches) {
      if (branch.tokens.size() < 2) continue;  // nothing is predicted by a branch's last token
      if (branch_states_.size() == batch.size()) branch_states_.emplace_back();
      State& state = branch_states_[batch.size()] = stem_states_[i];
      batch.push_back({std::span(branch.tokens).first(branch.tokens.size() - 1), &state});
      branches.push_back(&branch);
      if (batch.size() == max_states_) read_batch();
    }
  }
  read_batch();
}

void BranchScorer::read(std::span<const Segment> batch, LogitRows which,
                        const std::function<void(const Row&)>& on_row) {
  const auto on_pass = [&](const PassLogits& pass) {
    const auto summaries = summarize_rows(pass.logits, workspace_.pool());
    for (size_t i = 0; i < summaries.size(); ++i) on_row({pass.rows[i], pass.logits.row(i), summaries[i]});
    on_pass_(pass.n_tokens);
  };
  model_.forward(batch, which, on_pass, workspace_);
}

}  // namespace rwkv
