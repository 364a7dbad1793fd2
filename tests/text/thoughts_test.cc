#include "text/thoughts.h"

#include <gtest/gtest.h>

namespace rwkv {
namespace {

// Thoughts in brackets; pieces of `n` bytes.
std::string split(std::string_view opening, std::string_view text, size_t n) {
  ThoughtSplitter splitter(opening);
  std::string thought, answer;
  const auto take = [&](const std::vector<ThoughtSplitter::Part>& parts) {
    for (const auto& part : parts) {
      EXPECT_FALSE(part.text.empty());
      (part.is_thought ? thought : answer) += part.text;
    }
  };
  for (size_t i = 0; i < text.size(); i += n) take(splitter.add(text.substr(i, n)));
  take(splitter.finish());
  return "[" + thought + "]" + answer;
}

TEST(ThoughtSplitter, PartsThoughtsFromAnswers) {
  const struct {
    const char *opening, *text, *wanted;
  } kCases[] = {
      {"", " Hello,\n\nyou  there.\n", "[]Hello,\n\nyou  there."},
      {"", " <think>\nHm, 1 < 2.\n\nYes.\n</think>\n\nTwo.", "[Hm, 1 < 2.\n\nYes.]Two."},
      {" <think", ">\nHm.</think>Two.", "[Hm.]Two."},
      {" <think", " Hm.</think>Two.", "[Hm.]Two."},
      {" <think></think", ">\n\nTwo.", "[]Two."},
      {" <think></think", "Two > 1.", "[]Two > 1."},
      {" <think>\n</think>", "\nTwo.", "[]Two."},
      {"", "<thin ice", "[]<thin ice"},
      {"", "<thi", "[]<thi"},
      {"", "<think", "[]"},
      {"", "", "[]"},
      {" <think", ">no end </thi", "[no end </thi]"},
      {"", "a <think>b</think>", "[]a <think>b</think>"},
      {"", "<think></think><think>x", "[]<think>x"},
  };
  for (const auto& one : kCases) {
    for (size_t n = 1; n < 30; ++n) EXPECT_EQ(split(one.opening, one.text, n), one.wanted) << one.text << n;
  }
}

TEST(ThoughtSplitter, HoldsBackNoMoreThanItMust) {
  ThoughtSplitter splitter("");
  EXPECT_EQ(splitter.add(" Hello").size(), 1);
  EXPECT_TRUE(splitter.add(" ").empty());
  EXPECT_EQ(splitter.add("you"), (std::vector<ThoughtSplitter::Part>{{false, " you"}}));
}

}  // namespace
}  // namespace rwkv
