#include "text/bpe_cuts.h"

#include <gtest/gtest.h>

#include <string>

namespace rwkv {
namespace {

TEST(BpeCuts, StandWhereTheClassChanges) {
  const BpeCuts cuts(Normalization::kNfc);
  EXPECT_EQ(cuts.last(""), 0u);
  EXPECT_EQ(cuts.last("a"), 0u);
  EXPECT_EQ(cuts.last("or not"), 2u);
  EXPECT_EQ(cuts.last("a=bc"), 2u);
  EXPECT_EQ(cuts.last("abc1"), 3u);
  EXPECT_EQ(cuts.last("12ab"), 2u);
  EXPECT_EQ(cuts.last("\u6587\u5b57\uff0c\u4e2d\u6587"), 9u);
  EXPECT_EQ(cuts.last("\u4e2d\u3000"), 3u);
}

TEST(BpeCuts, LeaveOutWhereNeighboursMatter) {
  const BpeCuts cuts(Normalization::kNfc);
  EXPECT_EQ(cuts.last(" ab"), 0u);           // the word takes the space
  EXPECT_EQ(cuts.last("\n\n1"), 0u);         // the number takes the last line break
  EXPECT_EQ(cuts.last("'s"), 0u);            // a contraction
  EXPECT_EQ(cuts.last("e\u0301"), 0u);       // becomes one letter
  EXPECT_EQ(cuts.last("\u0301e"), 0u);       // the mark may do so with a letter before it
  EXPECT_EQ(cuts.last("1\u1161"), 0u);       // combines with what stands before it
  EXPECT_EQ(cuts.last("a\xe4\xb8"), 0u);     // half a character
  EXPECT_EQ(cuts.last("\xe4\xb8\x61"), 0u);  // becomes U+FFFD
  EXPECT_EQ(cuts.last("\u0301 a"), 2u);
  EXPECT_EQ(cuts.last("\xe4\xb8 a"), 2u);
}

TEST(BpeCuts, SplitNoAddedToken) {
  BpeCuts cuts(Normalization::kNfc);
  cuts.add_token("<|end|>");
  cuts.add_token("  ");
  EXPECT_EQ(cuts.last("a<|end"), 1u);
  EXPECT_EQ(cuts.last("a  "), 1u);
  cuts.add_token("b ");
  EXPECT_EQ(cuts.last("b "), 0u);
  EXPECT_EQ(cuts.last("c "), 1u);
  EXPECT_EQ(cuts.last("\u0301 "), 0u);  // the mark may become one letter with a "b" before it
}

}  // namespace
}  // namespace rwkv
