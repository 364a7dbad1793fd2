#include "text/escape.h"

#include <gtest/gtest.h>

namespace rwkv {
namespace {

TEST(EscapeBytes, KeepsWhatIsVisible) {
  EXPECT_EQ(escape_bytes(" caf\u00e9 \u4e2d'\""), " caf\u00e9 \u4e2d'\"");
  EXPECT_EQ(escape_bytes("a\\b\n\r\t"), "a\\\\b\\n\\r\\t");
  EXPECT_EQ(escape_bytes(std::string_view("\0\x7f\xff\xe2\x82", 5)), "\\x00\\x7f\\xff\\xe2\\x82");
  EXPECT_EQ(escape_bytes("\u200b\u00a0\u2028"), "\\xe2\\x80\\x8b\\xc2\\xa0\\xe2\\x80\\xa8");
  EXPECT_EQ(escape_bytes(""), "");
}

}  // namespace
}  // namespace rwkv
