#include "model/branch_scorer.h"

#include <algorithm>
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
  size_t segment, index;  // of the token in the batch
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
  read(batch, LogitRows::kLast, [&](const Row& row) {
    if (row.index + 1 < batch[row.segment].tokens.size()) return;
    score_first_tokens(trees[tree_of[row.segment]], row.logits, row.summary);
  });
}

void BranchScorer::read_branches(std::span<Tree> trees) {
  std::vector<Segment> batch;
  std::vector<Branch*> branches;
  const auto read_batch = [&] {
    read(batch, LogitRows::kAll, [&](const Row& row) {
      Branch& branch = *branches[row.segment];
      const size_t predicted = row.index + 1;
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

// One call of forward() a pass over the weights: the logits of no more rows are in memory.
void BranchScorer::read(std::span<const Segment> batch, LogitRows which,
                        const std::function<void(const Row&)>& on_row) {
  const size_t n_vocab = model_.info().n_vocab;
  for (size_t segment = 0, offset = 0; segment < batch.size();) {
    std::vector<Segment> pass;
    std::vector<Row> rows;
    size_t n_read = 0;
    while (segment < batch.size() && n_read < kRowsOfPass) {
      const auto rest = batch[segment].tokens.subspan(offset);
      const auto part = rest.first(std::min(rest.size(), kRowsOfPass - n_read));
      pass.push_back({part, batch[segment].state});
      n_read += part.size();
      for (size_t i = which == LogitRows::kAll ? 0 : part.size() - 1; i < part.size(); ++i)
        rows.push_back({segment, offset + i, {}, {}});
      offset += part.size();
      if (part.size() == rest.size()) ++segment, offset = 0;
    }
    logits_.resize(rows.size() * n_vocab);
    const MatSpan<float> logits(logits_.data(), rows.size(), n_vocab);
    model_.forward(pass, which, logits, workspace_);
    const auto summaries = summarize_rows(logits, workspace_.pool());
    for (size_t i = 0; i < rows.size(); ++i) {
      rows[i].logits = logits.row(i);
      rows[i].summary = summaries[i];
      on_row(rows[i]);
    }
    on_pass_(n_read);
  }
}

}  // namespace rwkv
