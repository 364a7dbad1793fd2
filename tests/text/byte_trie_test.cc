#include "text/byte_trie.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace rwkv {
namespace {

TEST(ByteTrie, FindsTheLongestToken) {
  const ByteTrie trie({{"a", 1}, {"abc", 2}, {"b", 3}, {"\xff\xff", 4}, {"ad", 5}});
  const auto check = [&](std::string_view text, TokenId id, size_t bytes) {
    EXPECT_EQ(trie.longest(text).bytes, bytes) << text;
    EXPECT_EQ(trie.longest(text).id, id) << text;
  };
  check("abcd", 2, 3);
  check("abd", 1, 1);
  check("ab", 1, 1);
  check("ade", 5, 2);
  check("b", 3, 1);
  check("\xff\xff\xff", 4, 2);
  check("\xff", 0, 0);
  check("c", 0, 0);
  check("", 0, 0);
  EXPECT_EQ(trie.longest_token_bytes(), 3u);
  EXPECT_TRUE(trie.begins_token('\xff'));
  EXPECT_FALSE(trie.begins_token('c'));
}

TEST(ByteTrie, MayBeEmpty) {
  const ByteTrie trie({});
  EXPECT_EQ(trie.longest("a").bytes, 0u);
  EXPECT_EQ(trie.longest_token_bytes(), 0u);
}

TEST(ByteTrie, RefusesEmptyAndDoubleTokens) {
  EXPECT_THROW(ByteTrie({{"", 1}}), Error);
  EXPECT_THROW(ByteTrie({{"a", 1}, {"ab", 2}, {"a", 3}}), Error);
}

}  // namespace
}  // namespace rwkv
