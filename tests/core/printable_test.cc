#include "core/printable.h"

#include <gtest/gtest.h>

namespace rwkv {
namespace {

TEST(Printable, KeepsOneLine) {
  EXPECT_EQ(printable("blocks.0.é"), "blocks.0.é");
  EXPECT_EQ(printable("a\nb\x1b[31m\x7f"), "a?b?[31m?");
}

TEST(Printable, CutsLongText) { EXPECT_EQ(printable(std::string(1000, 'x')), std::string(200, 'x') + "..."); }

}  // namespace
}  // namespace rwkv
