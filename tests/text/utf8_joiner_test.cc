#include "text/utf8_joiner.h"

#include <gtest/gtest.h>

#include "core/error.h"

#include "text/utf8.h"

namespace rwkv {
namespace {

const std::string kText = "a\u00e9\u20ac\U0001f600\u4e2d z";

TEST(Utf8Joiner, GivesWholeCharactersAtEverySplit) {
  for (size_t first = 0; first <= kText.size(); ++first) {
    for (size_t second = first; second <= kText.size(); ++second) {
      Utf8Joiner joiner(InvalidUtf8::kReplace);
      std::string joined;
      for (const auto& part :
           {kText.substr(0, first), kText.substr(first, second - first), kText.substr(second)}) {
        const std::string out = joiner.add(part);
        EXPECT_TRUE(is_valid_utf8(out));
        joined += out;
      }
      EXPECT_EQ(joined, kText);
      EXPECT_EQ(joiner.finish(), "");
    }
  }
}

TEST(Utf8Joiner, HoldsNothingBackThatIsWhole) {
  Utf8Joiner joiner(InvalidUtf8::kKeep);
  EXPECT_EQ(joiner.add("a\xe2\x82"), "a");
  EXPECT_EQ(joiner.add("\xac"), "\u20ac");
  EXPECT_EQ(joiner.add("\xe2"), "");
  EXPECT_EQ(joiner.add("b"),
            "\xe2"
            "b");
}

TEST(Utf8Joiner, KeepsOrReplacesWhatIsNoCharacter) {
  const std::string broken = "a\xff\xe2\x82z\xf0\x9f";
  for (size_t split = 0; split <= broken.size(); ++split) {
    Utf8Joiner keep(InvalidUtf8::kKeep), replace(InvalidUtf8::kReplace);
    const auto join = [&](Utf8Joiner& joiner) {
      std::string joined = joiner.add(broken.substr(0, split));
      joined += joiner.add(broken.substr(split));
      return joined + joiner.finish();
    };
    EXPECT_EQ(join(keep), broken);
    EXPECT_EQ(join(replace), "a\uFFFD\uFFFDz\uFFFD");
  }
}

TEST(Utf8Joiner, RefusesByOffset) {
  Utf8Joiner joiner(InvalidUtf8::kRefuse);
  EXPECT_EQ(joiner.add("a\xe2\x82"), "a");
  EXPECT_EQ(joiner.add("\xac"), "\u20ac");
  EXPECT_EQ(joiner.finish(), "");
  EXPECT_EQ(joiner.add("bc\xe2"), "bc");
  try {
    joiner.finish();
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "byte 6 of the text: not UTF-8");
  }
}

}  // namespace
}  // namespace rwkv
