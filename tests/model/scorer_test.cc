#include "model/scorer.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/golden_model.h"

namespace rwkv {
namespace {

struct Row {
  std::optional<size_t> position;
  std::optional<TokenId> next;
  std::vector<float> logits;
  bool operator==(const Row&) const = default;
};

class Scorer : public testing::Test {
 protected:
  Model model_ = Model::load(golden_model("v7"));
  Workspace workspace_{1};
  std::vector<TokenId> tokens_;

  void SetUp() override {
    for (TokenId i = 0; i < 150; ++i) tokens_.push_back(i * 7 % 320);
  }
  std::vector<Row> rows_of(std::span<const TokenId> tokens, std::optional<TokenId> bos, size_t window) {
    std::vector<Row> rows;
    score(model_, {model_.initial_state(), bos, window}, tokens, workspace_, [&](const ScoredRow& row) {
      rows.push_back({row.position, row.next, {row.logits.begin(), row.logits.end()}});
    });
    return rows;
  }
};

TEST_F(Scorer, EveryTokenHasARowThatPredictsTheNext) {
  const auto rows = rows_of(tokens_, std::nullopt, 0);
  ASSERT_EQ(rows.size(), tokens_.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(rows[i].position, i);
    EXPECT_EQ(rows[i].next, i + 1 < tokens_.size() ? std::optional(tokens_[i + 1]) : std::nullopt);
  }
}

TEST_F(Scorer, BosPredictsTheFirstToken) {
  const auto rows = rows_of(tokens_, 9, 0);
  ASSERT_EQ(rows.size(), tokens_.size() + 1);
  EXPECT_EQ(rows[0].position, std::nullopt);
  EXPECT_EQ(rows[0].next, tokens_[0]);
  EXPECT_EQ(rows.back().next, std::nullopt);
  std::vector<TokenId> joined{9};
  joined.insert(joined.end(), tokens_.begin(), tokens_.end());
  const auto whole = rows_of(joined, std::nullopt, 0);
  for (size_t i = 0; i < rows.size(); ++i) EXPECT_EQ(rows[i].logits, whole[i].logits);
}

TEST_F(Scorer, EveryWindowBeginsAfresh) {
  const auto rows = rows_of(tokens_, std::nullopt, 70);
  ASSERT_EQ(rows.size(), 150);
  EXPECT_EQ(rows[69].next, std::nullopt);
  const auto alone = rows_of(std::span(tokens_).subspan(140), std::nullopt, 0);
  for (size_t i = 0; i < alone.size(); ++i) EXPECT_EQ(rows[140 + i].logits, alone[i].logits);
}

TEST_F(Scorer, NoTokensHaveNoRows) { EXPECT_TRUE(rows_of({}, 9, 0).empty()); }

}  // namespace
}  // namespace rwkv
