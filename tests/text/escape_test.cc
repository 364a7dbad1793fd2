#include "text/escape.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace rwkv {
namespace {

TEST(EscapeBytes, KeepsWhatIsVisible) {
  EXPECT_EQ(escape_bytes(" caf\u00e9 \u4e2d'\""), " caf\u00e9 \u4e2d'\"");
  EXPECT_EQ(escape_bytes("a\\b\n\r\t"), "a\\\\b\\n\\r\\t");
  EXPECT_EQ(escape_bytes(std::string_view("\0\x7f\xff\xe2\x82", 5)), "\\x00\\x7f\\xff\\xe2\\x82");
  EXPECT_EQ(escape_bytes("\u200b\u00a0\u2028"), "\\xe2\\x80\\x8b\\xc2\\xa0\\xe2\\x80\\xa8");
  EXPECT_EQ(escape_bytes(""), "");
}

TEST(UnescapeBytes, IsTheWayBack) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  EXPECT_EQ(unescape_bytes(escape_bytes(all)), all);
  EXPECT_EQ(unescape_bytes("a\\\\nb\\x3A\\n"), "a\\nb:\n");
  for (const char* bad : {"\\", "\\q", "\\x", "\\x1", "\\xg1", "\\x-1"})
    EXPECT_THROW(unescape_bytes(bad), Error) << bad;
}

}  // namespace
}  // namespace rwkv
