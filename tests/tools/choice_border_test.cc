#include "score/choice_border.h"

#include <gtest/gtest.h>

namespace rwkv {
namespace {

class ChoiceBorder : public testing::Test {
 protected:
  std::unique_ptr<const Tokenizer> tokenizer_ = Tokenizer::parse(
      "1 'a' 1\n2 'b' 1\n3 ' ' 1\n4 ' b' 2\n5 'ab' 2\n6 'aba' 3\n7 b'\\xe2' 1\n8 b'\\x80' 1\n9 b'\\x83' 1\n");

  void expect(std::string_view context, std::string_view choice, const std::vector<TokenId>& tokens,
              size_t n_context) {
    const JoinedTokens joined = join_texts(*tokenizer_, context, choice);
    EXPECT_EQ(joined.tokens, tokens) << context << "|" << choice;
    EXPECT_EQ(joined.n_context, n_context) << context << "|" << choice;
  }
};

TEST_F(ChoiceBorder, IsBehindTheContextsTokens) {
  expect("aa", " b", {1, 1, 4}, 2);
  expect("", "ab", {5}, 0);
}

TEST_F(ChoiceBorder, GivesFinalWhiteSpaceToTheChoice) {
  expect("aa ", "b", {1, 1, 4}, 2);
  expect("b \u2003", "b", {2, 3, 7, 8, 9, 2}, 1);  // EM SPACE
  expect(" ", "b", {4}, 0);
}

TEST_F(ChoiceBorder, CountsTokensThatReachOverItByTheirPlace) {
  expect("ba", "ba", {2, 6}, 2);  // "ba" alone has two tokens: nothing is left for the choice
  expect("ba", "bab", {2, 6, 2}, 2);
  expect("a", "b", {5}, 1);
  expect("bab", "a", {2, 6}, 2);
}

}  // namespace
}  // namespace rwkv
