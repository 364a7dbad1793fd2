#include "text/token_table.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace rwkv {
namespace {

TEST(TokenTable, KeepsTheBytesOfItsIds) {
  TokenTable table;
  EXPECT_EQ(table.size(), 0u);
  table.add(70000, "ab");
  table.add(3, std::string_view("\0", 1));
  EXPECT_EQ(table.size(), 70001u);
  EXPECT_EQ(table.n_tokens(), 2u);
  EXPECT_EQ(table.at(70000), "ab");
  EXPECT_EQ(table.at(3), std::string_view("\0", 1));
  EXPECT_EQ(table.at(4), "");
  std::vector<TokenId> ids;
  table.for_each([&](std::string_view bytes, TokenId id) {
    EXPECT_EQ(bytes, table.at(id));
    ids.push_back(id);
  });
  EXPECT_EQ(ids, (std::vector<TokenId>{3, 70000}));
}

TEST(TokenTable, RefusesHugeAndDoubleIds) {
  TokenTable table;
  table.add(1, "a");
  EXPECT_THROW(table.add(1, "b"), Error);
  EXPECT_THROW(table.add(uint64_t{1} << 24, "b"), Error);
  EXPECT_THROW(table.add((uint64_t{1} << 32) + 5, "b"), Error);
  table.add((1 << 24) - 1, "b");
}

}  // namespace
}  // namespace rwkv
