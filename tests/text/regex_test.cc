#include "text/regex.h"

#include <gtest/gtest.h>

#include <string>

#include "support/error_of.h"

namespace rwkv {
namespace {

std::string matches_of(const Regex& regex, std::string_view text) {
  RegexScratch scratch;
  std::string all;
  size_t at = 0;
  while (const auto match = regex.find(text, at, scratch)) {
    all += "[" + std::string(text.substr(match->begin, match->end - match->begin)) + "]";
    at = match->end;
  }
  return all;
}
std::string matches(std::string_view pattern, std::string_view text) {
  return matches_of(Regex::of_pattern(pattern), text);
}
std::string refusal(std::string_view pattern) {
  return error_of([&] { Regex::of_pattern(pattern); });
}

// Expected: the package `tokenizers` 0.23, whose library is Oniguruma.
TEST(Regex, ClassesAreThoseOfOniguruma) {
  EXPECT_EQ(matches("\\s", "a \u0085\u00a0\u3000\u180e\u200b\x1c"), "[ ][\u0085][\u00a0][\u3000]");
  EXPECT_EQ(matches("[^\\S\\n]+", "a \n\u00a0 b"), "[ ][\u00a0 ]");
  EXPECT_EQ(matches("\\w+", "a_1\u00b2\u0903\u3021 \u09f4"), "[a_1\u00b2\u0903\u3021]");
  EXPECT_EQ(matches("[\\w]+", "a\u00b2b\u00bd"), "[a][b]");
  EXPECT_EQ(matches("\\W+", "a\u00b2-b"), "[-]");
  EXPECT_EQ(matches("\\d", "1\u0663\u00b2"), "[1][\u0663]");
  EXPECT_EQ(matches("\\h+", "xaFg"), "[aF]");
  EXPECT_EQ(matches("\\u00e9", "e\u00e9"), "[\u00e9]");
  EXPECT_EQ(matches("(?i:'s)", "'s'S'\u017f"), "['s]['S]['\u017f]");
  EXPECT_EQ(matches("\\s+(?!\\S)|\\s+", "a   b"), "[  ][ ]");
  EXPECT_EQ(matches("[[:alpha:]]+", "ab1"), "[ab]");
  EXPECT_EQ(matches("[]a]", "]a"), "[]][a]");
  EXPECT_EQ(matches("x*", "axxb"), "[xx]");
}

TEST(Regex, TextIsNoPattern) { EXPECT_EQ(matches_of(Regex::of_text(".*"), "a.*.*"), "[.*][.*]"); }

TEST(Regex, SaysWhatItDoesNotTake) {
  const auto why = [](std::string_view pattern, std::string_view reason) {
    EXPECT_EQ(refusal(pattern), "the regular expression '" + std::string(pattern) +
                                    "' is not supported: " + std::string(reason));
  };
  why("[a-z&&[^b]]", "intersections of classes");
  why("[a[b]]", "a class in a class");
  why("[\\W]", "\\W in a class");
  why("\\u12", "\\u without four digits");
  why("a\\", "a backslash at its end");
  why("(a", "missing closing parenthesis at 2");
  why("\\C", "using \\C is disabled by the application at 2");
}

TEST(Regex, ASearchThatTakesTooLongIsGivenUp) {
  const Regex regex = Regex::of_pattern("(a+)+[bd]");
  RegexScratch scratch;
  EXPECT_TRUE(error_of([&] {
                regex.find(std::string(100, 'a') + "c", 0, scratch);
              }).starts_with("the vocabulary's regular expression cannot be matched with this text: "));
}

}  // namespace
}  // namespace rwkv
