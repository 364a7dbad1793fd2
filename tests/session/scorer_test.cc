#include "session/scorer.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "sampling/log_prob.h"
#include "support/golden_model.h"

namespace rwkv {
namespace {

struct Row {
  std::optional<size_t> position;
  std::optional<TokenId> next;
  std::vector<float> logits;
  bool operator==(const Row&) const = default;
};

class ScorerTest : public testing::Test {
 protected:
  Model model_ = Model::load(golden_model("v7"));
  Workspace workspace_{1};
  std::vector<TokenId> tokens_;

  void SetUp() override {
    for (TokenId i = 0; i < 250; ++i) tokens_.push_back(i * 7 % 320);
  }
  Sequence start(std::optional<TokenId> pending = {}) {
    Sequence sequence;
    sequence.state = model_.initial_state();
    sequence.pending = pending;
    return sequence;
  }
  // The text comes in parts of the given size.
  std::vector<Row> rows_of(std::span<const TokenId> tokens, const ScoreRun& run, size_t part = 1000) {
    std::vector<Row> rows;
    Scorer scorer(model_, run, workspace_, [&](const ScoredRow& row) {
      rows.push_back({row.position, row.next, {row.logits.begin(), row.logits.end()}});
      EXPECT_EQ(row.summary.log_sum, log_sum_exp(row.logits));
      EXPECT_EQ(row.summary.likeliest, top_log_probs(row.logits, 1)[0].token);
    });
    for (; !tokens.empty(); tokens = tokens.subspan(std::min(part, tokens.size())))
      scorer.add(tokens.first(std::min(part, tokens.size())));
    scorer.finish();
    return rows;
  }
};

TEST_F(ScorerTest, EveryTokenHasARowThatPredictsTheNext) {
  const auto rows = rows_of(tokens_, {start()});
  ASSERT_EQ(rows.size(), tokens_.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].position, i);
    EXPECT_EQ(rows[i].next, i + 1 < tokens_.size() ? std::optional(tokens_[i + 1]) : std::nullopt);
  }
}

TEST_F(ScorerTest, BosPredictsTheFirstToken) {
  const auto rows = rows_of(tokens_, {start(9)});
  ASSERT_EQ(rows.size(), tokens_.size() + 1);
  EXPECT_EQ(rows[0].position, std::nullopt);
  EXPECT_EQ(rows[0].next, tokens_[0]);
  EXPECT_EQ(rows.back().next, std::nullopt);
  std::vector<TokenId> joined{9};
  joined.insert(joined.end(), tokens_.begin(), tokens_.end());
  const auto whole = rows_of(joined, {start()});
  for (size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(rows[i].logits, whole[i].logits);
}

TEST_F(ScorerTest, EveryWindowBeginsAfresh) {
  const auto rows = rows_of(tokens_, {start(), 70});
  ASSERT_EQ(rows.size(), tokens_.size());
  EXPECT_EQ(rows[69].next, std::nullopt);
  const auto alone = rows_of(std::span(tokens_).subspan(210), {start()});
  for (size_t i = 0; i < alone.size(); ++i) EXPECT_EQ(rows[210 + i].logits, alone[i].logits);
}

TEST_F(ScorerTest, RowsDoNotDependOnHowTheTextComes) {
  for (const ScoreRun& run : {ScoreRun{start()}, ScoreRun{start(9)}, ScoreRun{start(9), 70}}) {
    const auto whole = rows_of(tokens_, run);
    for (const size_t part : {1, 97}) EXPECT_EQ(rows_of(tokens_, run, part), whole);
  }
}

TEST_F(ScorerTest, LogitsOfTheStartPredictTheFirstTokenOfEveryWindow) {
  Sequence begun = start();
  begun.logits.assign(320, 0.5F);
  const auto rows = rows_of(tokens_, {begun, 125});
  ASSERT_EQ(rows.size(), tokens_.size() + 2);
  for (const size_t first : {0, 126}) {
    EXPECT_EQ(rows[first].position, std::nullopt);
    EXPECT_EQ(rows[first].next, tokens_[first == 0 ? 0 : 125]);
    EXPECT_EQ(rows[first].logits, begun.logits);
  }
}

TEST_F(ScorerTest, NoTokensHaveNoRows) { EXPECT_TRUE(rows_of({}, {start(9)}).empty()); }

}  // namespace
}  // namespace rwkv
