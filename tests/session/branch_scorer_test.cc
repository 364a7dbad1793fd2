#include "session/branch_scorer.h"

#include <gtest/gtest.h>

#include "session/scorer.h"
#include "support/golden_model.h"

namespace rwkv {
namespace {

class BranchScorerTest : public testing::TestWithParam<const char*> {
 protected:
  Model model_ = Model::load(golden_model(GetParam()));
  Workspace workspace_{2};
  size_t n_read_ = 0;

  Sequence start(std::optional<TokenId> pending = {}) {
    Sequence sequence;
    sequence.state = model_.initial_state();
    sequence.pending = pending;
    return sequence;
  }
  static std::vector<TokenId> ids(size_t n, TokenId seed) {
    std::vector<TokenId> result(n);
    for (size_t i = 0; i < n; ++i) result[i] = static_cast<TokenId>((i * i * 31 + seed * 77) % 320);
    return result;
  }
  // Stems and branches shorter and longer than a pass.
  static std::vector<Tree> trees() {
    return {{ids(5, 1), {{ids(3, 2)}, {ids(1, 3)}, {ids(120, 4)}}},
            {ids(130, 5), {{ids(2, 6), 1}, {ids(40, 7), 3}}},
            {ids(1, 8), {}},
            {ids(2, 9), {{ids(30, 1)}, {ids(30, 2)}, {ids(30, 3)}, {ids(30, 4)}}}};
  }
  void score(std::span<Tree> trees, const Sequence& start, size_t max_states) {
    BranchScorer(model_, start, max_states, workspace_, [&](size_t n) { n_read_ += n; }).score(trees);
  }
  // Of all tokens behind the first, by the scorer of whole texts; with a start that predicts it, also of it.
  std::vector<TokenScore> scores_of(std::span<const TokenId> text, const Sequence& start) {
    std::vector<TokenScore> scores;
    Scorer scorer(model_, {start}, workspace_, [&](const ScoredRow& row) {
      if (row.next)
        scores.push_back({row.logits[*row.next] - row.summary.log_sum, *row.next == row.summary.likeliest});
    });
    scorer.add(text);
    scorer.finish();
    return scores;
  }
  void expect_same_as_whole_texts(std::span<const Tree> trees, const Sequence& start) {
    for (const Tree& tree : trees) {
      for (const Branch& branch : tree.branches) {
        std::vector<TokenId> text = tree.stem;
        text.insert(text.end(), branch.tokens.begin(), branch.tokens.end());
        const auto whole = scores_of(text, start);
        ASSERT_EQ(branch.scores.size(), branch.tokens.size() - branch.n_given);
        const std::vector<TokenScore> wanted(whole.end() - static_cast<ptrdiff_t>(branch.scores.size()),
                                             whole.end());
        EXPECT_EQ(branch.scores, wanted);
      }
    }
  }
};

TEST_P(BranchScorerTest, EveryBranchIsScoredAsTheWholeTextWouldBe) {
  for (const size_t max_states : {1, 3, 100}) {
    auto all = trees();
    score(all, start(), max_states);
    expect_same_as_whole_texts(all, start());
  }
}

TEST_P(BranchScorerTest, StemsAreReadOnce) {
  auto all = trees();
  score(all, start(), 16);
  // 138 of stems; of branches all tokens but the last of each.
  EXPECT_EQ(n_read_, 138 + (2 + 0 + 119) + (1 + 39) + 4 * 29);
}

TEST_P(BranchScorerTest, WhatTheStartEndsWithPredictsTheFirstToken) {
  std::vector<Tree> all{{{}, {{ids(4, 1)}, {ids(1, 2)}}}, {ids(2, 3), {{ids(3, 1)}}}};
  score(all, start(9), 4);
  expect_same_as_whole_texts(all, start(9));
  Sequence begun = start();
  begun.logits.assign(320, 0.25F);
  begun.logits[ids(1, 2)[0]] = 0.5F;
  score(all, begun, 4);
  expect_same_as_whole_texts(all, begun);
  EXPECT_TRUE(all[0].branches[1].scores[0].likeliest);
}

INSTANTIATE_TEST_SUITE_P(Versions, BranchScorerTest, testing::Values("v4", "v7"),
                         [](const auto& version) { return std::string(version.param); });

}  // namespace
}  // namespace rwkv
