#include "text/utf8.h"

#include <gtest/gtest.h>

namespace rwkv {
namespace {

TEST(Utf8, EveryCharacterGoesThereAndBack) {
  for (char32_t code = 0; code < 0x110000; ++code) {
    if (code >= 0xd800 && code < 0xe000) continue;
    std::string text;
    append_utf8(code, text);
    const Utf8Step step = utf8_step(text);
    ASSERT_EQ(step.kind, Utf8Step::kCharacter) << uint32_t{code};
    ASSERT_TRUE(step.code == code) << uint32_t{code};
    ASSERT_EQ(step.bytes, text.size());
  }
}

// The examples of the Unicode standard, tables 3-8 to 3-11, and what lies beyond.
TEST(Utf8, ReplacesMaximalParts) {
  const struct {
    std::string_view text;
    size_t n_replacements;
  } kCases[] = {{"\xc0\xaf\xe0\x80\xbf\xf0\x81\x82", 8},
                {"\xed\xa0\x80\xed\xbf\xbf\xed\xaf", 8},
                {"\xf4\x91\x92\x93\xff", 5},
                {"\xe1\x80\xe2\xf0\x91\x92\xf1\xbf", 4},
                {"\xe2\x82", 1},
                {"\xf0\x9f\x91", 1},
                {"\x80", 1},
                {"\xf5\x80", 2}};
  for (const auto& c : kCases) {
    std::string want;
    for (size_t i = 0; i < c.n_replacements; ++i) want += "\uFFFD";
    EXPECT_EQ(replace_invalid_utf8("a" + std::string(c.text) + "b"), "a" + want + "b");
    EXPECT_FALSE(is_valid_utf8(c.text));
  }
  EXPECT_EQ(replace_invalid_utf8("a\u00e9\u20ac\U0001f600"), "a\u00e9\u20ac\U0001f600");
  EXPECT_TRUE(is_valid_utf8(""));
}

TEST(Utf8, KnowsATruncatedEnd) {
  const std::string text = "x\U0001f600";
  EXPECT_EQ(truncated_utf8_bytes(text), 0u);
  for (size_t missing = 1; missing <= 3; ++missing) {
    EXPECT_EQ(truncated_utf8_bytes(std::string_view(text).substr(0, text.size() - missing)), 4 - missing);
  }
  EXPECT_EQ(truncated_utf8_bytes("\x80\x80\x80\x80"), 0u);
  EXPECT_EQ(truncated_utf8_bytes("\xe0\x80"), 0u);  // no character begins so
  EXPECT_EQ(truncated_utf8_bytes("\xff"), 0u);
}

}  // namespace
}  // namespace rwkv
