#include "text/bpe_merges.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace rwkv {
namespace {

using Ids = std::vector<TokenId>;

Ids merged(const BpeMerges& merges, Ids ids) {
  merges.apply(ids);
  return ids;
}

TEST(BpeMerges, LowestRankFirstLeftmostOnTies) {
  BpeMerges merges;
  merges.add(2, 3, 10);
  merges.add(1, 2, 11);
  merges.add(1, 1, 12);
  merges.add(12, 1, 13);
  EXPECT_EQ(merged(merges, {1, 2, 3}), (Ids{1, 10}));
  EXPECT_EQ(merged(merges, {1, 2, 2, 3}), (Ids{11, 10}));
  EXPECT_EQ(merged(merges, {1, 1, 1}), (Ids{13}));
  EXPECT_EQ(merged(merges, {1, 1, 1, 1}), (Ids{12, 12}));
  EXPECT_EQ(merged(merges, {4, 5}), (Ids{4, 5}));
  EXPECT_EQ(merged(merges, {}), Ids{});
}

TEST(BpeMerges, APairThatComesAgainTakesItsLastPlace) {
  BpeMerges merges;
  merges.add(1, 2, 10);
  merges.add(2, 3, 11);
  merges.add(1, 2, 10);
  EXPECT_EQ(merged(merges, {1, 2, 3}), (Ids{1, 11}));
}

struct Rule {
  TokenId left, right, merged;
};

// One merge at a time, in the words of the definition.
Ids merged_slowly(const std::vector<Rule>& rules, Ids ids) {
  for (size_t r = 0; r < rules.size();) {
    size_t at = 0;
    while (at + 1 < ids.size() && !(ids[at] == rules[r].left && ids[at + 1] == rules[r].right)) ++at;
    if (at + 1 >= ids.size()) {
      ++r;
      continue;
    }
    ids[at] = rules[r].merged;
    ids.erase(ids.begin() + static_cast<ptrdiff_t>(at) + 1);
    r = 0;
  }
  return ids;
}

TEST(BpeMerges, EqualsTheDefinitionOnRandomRules) {
  std::mt19937 rng(1);
  for (int round = 0; round < 300; ++round) {
    BpeMerges merges;
    std::vector<Rule> rules;
    for (TokenId next = 4; next < 24; ++next) {
      const Rule rule{static_cast<TokenId>(rng() % next), static_cast<TokenId>(rng() % next), next};
      const auto same = [&](const Rule& r) { return r.left == rule.left && r.right == rule.right; };
      if (std::any_of(rules.begin(), rules.end(), same)) continue;
      rules.push_back(rule);
      merges.add(rule.left, rule.right, rule.merged);
    }
    Ids ids(rng() % 40);
    for (auto& id : ids) id = static_cast<TokenId>(rng() % 4);
    ASSERT_EQ(merged(merges, ids), merged_slowly(rules, ids));
  }
}

TEST(BpeMerges, ALongPieceTakesNoQuadraticTime) {
  BpeMerges merges;
  for (TokenId id = 1; id < 20; ++id) merges.add(id, id, id + 1);
  EXPECT_EQ(merged(merges, Ids(1 << 19, 1)), Ids{20});
}

}  // namespace
}  // namespace rwkv
