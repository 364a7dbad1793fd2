#include "text/byte_trie.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>

#include "core/error.h"

namespace rwkv {
namespace {

TokenTable table_of(std::initializer_list<std::pair<std::string_view, TokenId>> tokens) {
  TokenTable table;
  for (const auto& [bytes, id] : tokens) table.add(id, bytes);
  return table;
}

TEST(ByteTrie, FindsTheLongestToken) {
  const ByteTrie trie(table_of({{"a", 1}, {"abc", 2}, {"b", 3}, {"\xff\xff", 4}, {"ad", 5}}));
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
  EXPECT_TRUE(trie.begins_token('\xff'));
  EXPECT_FALSE(trie.begins_token('c'));
}

TEST(ByteTrie, TellsWhenTheTextEndsInsideAToken) {
  const ByteTrie trie(table_of({{"a", 1}, {"abc", 2}}));
  EXPECT_TRUE(trie.longest("").is_cut);
  EXPECT_TRUE(trie.longest("a").is_cut);
  EXPECT_TRUE(trie.longest("ab").is_cut);
  EXPECT_FALSE(trie.longest("abc").is_cut);
  EXPECT_FALSE(trie.longest("ax").is_cut);
}

// Every place of the array is reached by exactly one byte from one node.
TEST(ByteTrie, EqualsASearchOfAllTokens) {
  std::mt19937 rng(1);
  for (int round = 0; round < 200; ++round) {
    const unsigned n_letters = round % 2 == 0 ? 3 : 256;
    const auto random_bytes = [&](size_t n) {
      std::string bytes(n, '\0');
      for (char& c : bytes) c = static_cast<char>(rng() % n_letters);
      return bytes;
    };
    std::map<std::string, TokenId> ids;
    for (size_t n = rng() % 400; n > 0; --n) ids.emplace(random_bytes(1 + rng() % 5), ids.size());
    TokenTable tokens;
    for (const auto& [bytes, id] : ids) tokens.add(id, bytes);
    const ByteTrie trie(tokens);
    for (int probe = 0; probe < 200; ++probe) {
      const std::string text = random_bytes(rng() % 8);
      size_t bytes = text.size();
      while (bytes > 0 && !ids.contains(text.substr(0, bytes))) --bytes;
      ASSERT_EQ(trie.longest(text).bytes, bytes);
      if (bytes > 0) {
        ASSERT_EQ(trie.longest(text).id, ids.at(text.substr(0, bytes)));
      }
    }
  }
}

TEST(ByteTrie, MayBeEmpty) {
  const ByteTrie trie(TokenTable{});
  EXPECT_EQ(trie.longest("a").bytes, 0u);
}

TEST(ByteTrie, RefusesEmptyAndDoubleTokens) {
  EXPECT_THROW(ByteTrie(table_of({{"", 1}})), Error);
  EXPECT_THROW(ByteTrie(table_of({{"a", 1}, {"ab", 2}, {"a", 3}})), Error);
}

}  // namespace
}  // namespace rwkv
