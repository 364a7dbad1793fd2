#include "core/error.h"

#include <gtest/gtest.h>

#include "support/error_of.h"

namespace rwkv {
namespace {

TEST(Error, ContextGoesInFrontAndKeepsTheKind) {
  try {
    with_context("model.pth", [] { throw Error(ErrorKind::kUnsupported, "big-endian"); });
    FAIL();
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "model.pth: big-endian");
    EXPECT_EQ(e.kind(), ErrorKind::kUnsupported);
  }
}

TEST(Error, AnInterruptionIsNobodysFault) {
  EXPECT_EQ(error_of([] { with_context("model.pth", [] { throw Error(ErrorKind::kInterrupted, ""); }); }),
            "");
}

TEST(Error, ContextPassesResultsThrough) {
  EXPECT_EQ(with_context("x", [] { return 7; }), 7);
}

}  // namespace
}  // namespace rwkv
