#include "text/gpt2_pieces.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rwkv {
namespace {

std::vector<std::string> pieces(std::string_view text) {
  std::vector<std::string> all;
  while (!text.empty()) {
    all.emplace_back(text.substr(0, gpt2_piece_bytes(text)));
    text.remove_prefix(all.back().size());
  }
  return all;
}

using Strings = std::vector<std::string>;

TEST(Gpt2Pieces, FollowThePattern) {
  EXPECT_EQ(pieces("Hello world"), (Strings{"Hello", " world"}));
  EXPECT_EQ(pieces("I'll don't 're'D"), (Strings{"I", "'ll", " don", "'t", " '", "re", "'", "D"}));
  EXPECT_EQ(pieces("a1b  2!?"), (Strings{"a", "1", "b", " ", " 2", "!?"}));
  EXPECT_EQ(pieces("a\n\nb\t"), (Strings{"a", "\n", "\n", "b", "\t"}));
  EXPECT_EQ(pieces(" "), (Strings{" "}));
  EXPECT_EQ(pieces("x   "), (Strings{"x", "   "}));
  EXPECT_EQ(pieces(" \u3000y"), (Strings{" ", "\u3000", "y"}));
  EXPECT_EQ(pieces("  \u3000y"), (Strings{"  ", "\u3000", "y"}));
  EXPECT_EQ(pieces("\u00a0\u00e9\u0301"), (Strings{"\u00a0", "\u00e9", "\u0301"}));
  EXPECT_EQ(pieces("''s"), (Strings{"''", "s"}));
  EXPECT_EQ(pieces("'"), (Strings{"'"}));
}

}  // namespace
}  // namespace rwkv
