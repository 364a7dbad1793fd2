#include "text/python_literal.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace rwkv {
namespace {

TEST(PythonLiteral, ReadsStringsAsUtf8) {
  EXPECT_EQ(parse_python_literal("'abc d'"), "abc d");
  EXPECT_EQ(parse_python_literal("\"it's\""), "it's");
  EXPECT_EQ(parse_python_literal("'\"'"), "\"");
  EXPECT_EQ(parse_python_literal(R"('\n\t\r\\\'\"\a\b\f\v')"), "\n\t\r\\'\"\a\b\f\v");
  EXPECT_EQ(parse_python_literal(R"('\x41\x80\xff')"), "A\u0080\u00ff");
  EXPECT_EQ(parse_python_literal(R"('\u4e2d\U0001F600')"), "\u4e2d\U0001f600");
  EXPECT_EQ(parse_python_literal(R"('\0\012\1011\777')"), std::string("\0\nA1\u01ff", 6));
  EXPECT_EQ(parse_python_literal("'\u4e2d'"), "\u4e2d");
  EXPECT_EQ(parse_python_literal("''"), "");
}

TEST(PythonLiteral, ReadsBytes) {
  EXPECT_EQ(parse_python_literal(R"(b'\x80\xffA\377')"),
            "\x80\xff"
            "A\xff");
  EXPECT_EQ(parse_python_literal(R"(b"it's")"), "it's");
  EXPECT_EQ(parse_python_literal(R"(B'')"), "");
}

TEST(PythonLiteral, RefusesEverythingElse) {
  for (const char* bad : {"",
                          "'",
                          "b",
                          "b'",
                          "abc",
                          "'abc",
                          "abc'",
                          "'abc\"",
                          "r'a'",
                          "'a'b'",
                          R"('\')",
                          R"('\x4')",
                          R"('\x4g')",
                          R"('\u12')",
                          R"('\x-1')",
                          R"('\x+1')",
                          R"('\ud800')",
                          R"('\U00110000')",
                          R"('\U0000dfff')",
                          R"('\N{DASH}')",
                          R"('\q')",
                          R"(b'\u0041')",
                          R"(b'\400')",
                          "b'\u00e9'",
                          "'\xff'",
                          "'\xe2\x82'",
                          R"('\8')"}) {
    EXPECT_THROW(parse_python_literal(bad), Error) << bad;
  }
}

TEST(PythonLiteral, WritesWhatItReads) {
  EXPECT_EQ(to_python_literal("it's \"\n\t\\\x01"), R"('it\'s "\n\t\\\x01')");
  EXPECT_EQ(to_python_literal("\u4e2d"), "'\u4e2d'");
  EXPECT_EQ(to_python_literal("\u00ad"), R"(b'\xc2\xad')");  // a soft hyphen shows nothing
  EXPECT_EQ(to_python_literal("\xff'"), R"(b'\xff\'')");
  for (int first = 0; first < 256; ++first) {
    for (const char* rest : {"", "'", "\"", "'\"", "\u4e2d", "\xe4", "\\x41", " "}) {
      const std::string bytes = static_cast<char>(first) + std::string(rest);
      EXPECT_EQ(parse_python_literal(to_python_literal(bytes)), bytes);
      EXPECT_EQ(parse_bytes_inside(to_bytes_inside(bytes)), bytes);
    }
  }
}

// Expected: repr() of Python, without b and quotes.
TEST(PythonLiteral, BytesInside) {
  EXPECT_EQ(to_bytes_inside("it's\n\x80\x7f"), R"(it's\n\x80\x7f)");
  EXPECT_EQ(to_bytes_inside("\"'"), R"("\')");
  EXPECT_EQ(to_bytes_inside("\\"), R"(\\)");
  EXPECT_EQ(parse_bytes_inside("a'\"\xe4"), "a'\"\xe4");
  EXPECT_THROW(parse_bytes_inside("\\"), Error);
  EXPECT_THROW(parse_bytes_inside("\\x4"), Error);
}

}  // namespace
}  // namespace rwkv
