#include "text/piece_cache.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rwkv {
namespace {

std::vector<TokenId> found(const PieceCache& cache, std::string_view piece) {
  const auto ids = cache.find(PieceCache::key_of(piece));
  return {ids.begin(), ids.end()};
}

TEST(PieceCache, GivesBackWhatWasPut) {
  PieceCache cache;
  const std::vector<TokenId> ids{7, 8, 9, 10, 11};
  EXPECT_TRUE(found(cache, "abc").empty());
  cache.put(PieceCache::key_of("abc"), ids);
  cache.put(PieceCache::key_of("fifteen letters"), std::span(ids).first(1));
  EXPECT_EQ(found(cache, "abc"), ids);
  EXPECT_EQ(found(cache, "fifteen letters"), (std::vector<TokenId>{7}));
  EXPECT_TRUE(found(cache, std::string_view("abc\0", 4)).empty());
  EXPECT_TRUE(found(cache, "ab").empty());
}

TEST(PieceCache, KeepsFewIdsOnly) {
  PieceCache cache;
  cache.put(PieceCache::key_of("a"), std::vector<TokenId>(PieceCache::kMaxIds + 1, 3));
  EXPECT_TRUE(found(cache, "a").empty());
}

// Far more pieces than places: an older one is forgotten, never taken for another.
TEST(PieceCache, NeverMistakesAPiece) {
  PieceCache cache;
  for (TokenId i = 0; i < 100000; ++i)
    cache.put(PieceCache::key_of(std::to_string(i)), std::vector<TokenId>{i});
  size_t n_known = 0;
  for (TokenId i = 0; i < 100000; ++i) {
    const auto ids = found(cache, std::to_string(i));
    if (ids.empty()) continue;
    ++n_known;
    ASSERT_EQ(ids, std::vector<TokenId>{i});
  }
  EXPECT_GT(n_known, 5000u);
}

}  // namespace
}  // namespace rwkv
