#include "score/request.h"

#include <gtest/gtest.h>

namespace rwkv {
namespace {

class ScoreRequestTest : public testing::Test {
 protected:
  std::unique_ptr<const Tokenizer> tokenizer_ =
      Tokenizer::parse("1 'a' 1\n2 'b' 1\n3 'c' 1\n5 'ab' 2\n6 'bab' 3\n");

  ScoreRequest parse(std::string_view line, bool has_start = false) {
    return parse_score_request(line, 7, {tokenizer_.get(), 300, has_start});
  }
};

TEST_F(ScoreRequestTest, ChoicesShareWhatTheyHaveInCommonOfTheContext) {
  // Alone the context is b, a; the second choice makes bab of it.
  const auto request = parse(R"({"context": "cba", "choices": ["c", "bca", "aa"]})");
  EXPECT_EQ(request.error, "");
  EXPECT_EQ(request.n_context, 3);
  EXPECT_EQ(request.tree.stem, (std::vector<TokenId>{3}));
  ASSERT_EQ(request.tree.branches.size(), 3);
  EXPECT_EQ(request.tree.branches[0].tokens, (std::vector<TokenId>{2, 1, 3}));
  EXPECT_EQ(request.tree.branches[0].n_given, 2);
  EXPECT_EQ(request.tree.branches[1].tokens, (std::vector<TokenId>{6, 3, 1}));
  EXPECT_EQ(request.tree.branches[2].tokens, (std::vector<TokenId>{2, 1, 1, 1}));
  EXPECT_EQ(request.tree.branches[2].n_given, 2);
}

TEST_F(ScoreRequestTest, NothingInFrontIsId0UnlessThereIsAStart) {
  const char* const question = R"({"choices": [[7], [7, 8]]})";
  EXPECT_EQ(parse(question).tree.stem, (std::vector<TokenId>{0}));
  EXPECT_TRUE(parse(question, true).tree.stem.empty());
}

TEST_F(ScoreRequestTest, FirstTokenOfATextIsScoredOnlyBehindAStart) {
  EXPECT_EQ(parse(R"({"ids": [7, 8, 9]})").tree.branches[0].tokens, (std::vector<TokenId>{8, 9}));
  EXPECT_EQ(parse(R"({"ids": [7, 8]})", true).tree.branches[0].tokens, (std::vector<TokenId>{7, 8}));
  EXPECT_TRUE(parse(R"({"ids": [7]})").tree.branches.empty());
  EXPECT_TRUE(parse(R"({"ids": []})", true).tree.branches.empty());
}

TEST_F(ScoreRequestTest, BestIsTheFirstOfEquals) {
  const auto best = best_of({{-2, -1, -3.0}, {-1, -1, -4.0}, {-1, -0.5, -3.0}});
  EXPECT_EQ(best.best, 1);
  EXPECT_EQ(best.per_token, 2);
  EXPECT_EQ(best.per_byte, 0);
  EXPECT_EQ(best_of({{-2, -1, -3.0}, {-1, -1, {}}}).per_byte, std::nullopt);
}

}  // namespace
}  // namespace rwkv
