#include "sampling/stop_text.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace rwkv {
namespace {

TEST(StopText, HoldsBackWhatMayBecomeAStop) {
  StopText text({"\n\nUser:", "END"});
  EXPECT_FALSE(text.add("Hello\n"));
  EXPECT_EQ(text.safe(), 5);
  EXPECT_FALSE(text.add("\nUs"));
  EXPECT_EQ(text.safe(), 5);
  EXPECT_FALSE(text.add("ual E"));
  EXPECT_EQ(text.safe(), 13);
  EXPECT_EQ(text.size(), 14);
  EXPECT_TRUE(text.add("ND and more"));
  EXPECT_EQ(text.safe(), 13);
}

TEST(StopText, StopsAsSoonAsOneIsComplete) {
  StopText text({"abcd", "bc"});
  EXPECT_FALSE(text.add("ab"));
  EXPECT_EQ(text.safe(), 0);
  EXPECT_TRUE(text.add("c"));
  EXPECT_EQ(text.safe(), 1);
}

TEST(StopText, FindsOverlappingBeginnings) {
  StopText text({"aab"});
  EXPECT_FALSE(text.add("aaaa"));
  EXPECT_EQ(text.safe(), 2);
  EXPECT_TRUE(text.add("b"));
  EXPECT_EQ(text.safe(), 2);
}

TEST(StopText, WithoutStopsEverythingIsSafe) {
  StopText text({});
  EXPECT_FALSE(text.add("abc"));
  EXPECT_EQ(text.safe(), 3);
}

TEST(StopText, RefusesAnEmptyStop) { EXPECT_THROW(StopText({"a", ""}), Error); }

}  // namespace
}  // namespace rwkv
