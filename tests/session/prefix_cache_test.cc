#include "session/prefix_cache.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/error.h"
#include "support/golden_model.h"
#include "support/temp_dir.h"

namespace rwkv {
namespace {

using Ids = std::vector<TokenId>;

class PrefixCacheTest : public testing::Test {
 protected:
  Model model_ = Model::load(golden_model("v7"));
  Runner runner_{model_, 1};
  TempDir folder_;

  Sequence read(const Ids& ids) {
    Sequence sequence = runner_.new_sequence();
    runner_.read(sequence, ids);
    return sequence;
  }
  void put(PrefixCache& cache, const Ids& ids) { cache.insert(ids, read(ids)); }
  static size_t known(PrefixCache& cache, const Ids& ids) {
    const auto found = cache.find(ids);
    return found ? static_cast<size_t>(found->n_tokens) : 0;
  }
  // The logits of what follows are all that a sequence is.
  std::vector<float> next(Sequence sequence) {
    Sequence* const one[] = {&sequence};
    const auto row = runner_.step(one, {}).front();
    return {row.begin(), row.end()};
  }
  std::filesystem::path only_file() {
    for (const auto& file : std::filesystem::recursive_directory_iterator(folder_.path())) {
      if (file.is_regular_file()) return file.path();
    }
    return {};
  }
  uint64_t state_bytes() { return read({1}).state.bytes(); }
};

TEST_F(PrefixCacheTest, FindsTheLongestBeginning) {
  PrefixCache cache(model_, {});
  EXPECT_FALSE(cache.find(Ids{1, 2, 3}));
  EXPECT_FALSE(cache.find(Ids{}));
  put(cache, {1, 2});
  put(cache, {1, 2, 3, 4});
  EXPECT_EQ(known(cache, {1}), 0);
  EXPECT_EQ(known(cache, {1, 2}), 2);
  EXPECT_EQ(known(cache, {1, 2, 3}), 2);
  EXPECT_EQ(known(cache, {1, 2, 3, 4, 5}), 4);
  EXPECT_EQ(known(cache, {2, 2, 3}), 0);
  EXPECT_EQ(next(*cache.find(Ids{1, 2, 3, 4})), next(read({1, 2, 3, 4})));
}

TEST_F(PrefixCacheTest, ForgetsWhatWasDrawn) {
  PrefixCache cache(model_, {});
  Sequence sequence = read({5, 6});
  sequence.sampler = {.position = 3, .counts = {{6, 1.F}}};
  cache.insert(Ids{5, 6}, sequence);
  EXPECT_EQ(cache.find(Ids{5, 6})->sampler, SamplerState());
}

TEST_F(PrefixCacheTest, TheLeastRecentlyUsedGoesFirst) {
  PrefixCache cache(model_, {.max_bytes = 3 * (state_bytes() + 1000)});
  put(cache, {1});
  put(cache, {2});
  put(cache, {3});
  EXPECT_EQ(known(cache, {1}), 1);
  put(cache, {4});
  EXPECT_EQ(known(cache, {2}), 0);
  EXPECT_EQ(known(cache, {1}), 1);
  EXPECT_EQ(cache.stats().n_states, 3);
  EXPECT_LE(cache.stats().memory_bytes, 3 * (state_bytes() + 1000));
}

TEST_F(PrefixCacheTest, KeepsNothingLargerThanAllItsRoom) {
  PrefixCache cache(model_, {.max_bytes = state_bytes() / 2});
  put(cache, {1});
  EXPECT_EQ(cache.stats().n_states, 0);
}

TEST_F(PrefixCacheTest, AFolderSurvives) {
  const PrefixCacheOptions options{.folder = folder_.path()};
  {
    PrefixCache cache(model_, options);
    put(cache, {1, 2, 3});
    EXPECT_TRUE(cache.stats().wants_write_back);
    cache.write_back();
    EXPECT_FALSE(cache.stats().wants_write_back);
  }
  PrefixCache cache(model_, options);
  EXPECT_EQ(cache.stats().n_states, 1);
  EXPECT_EQ(cache.stats().memory_bytes, 0);
  const auto found = cache.find(Ids{1, 2, 3, 4});
  ASSERT_TRUE(found);
  EXPECT_EQ(next(*found), next(read({1, 2, 3})));
  EXPECT_GT(cache.stats().memory_bytes, 0);
  EXPECT_TRUE(cache.take_warnings().empty());
}

TEST_F(PrefixCacheTest, AnotherModelOrEpsilonFindsNothing) {
  const PrefixCacheOptions options{.folder = folder_.path()};
  PrefixCache cache(model_, options);
  put(cache, {1, 2, 3});
  cache.write_back();
  const Model other = Model::load(golden_model("v6"));
  PrefixCache others(other, options);
  EXPECT_EQ(known(others, {1, 2, 3}), 0);
  const Model same = Model::load(golden_model("v7"), {.group_norm_eps = 1e-5F});
  PrefixCache strict(same, options);
  EXPECT_EQ(known(strict, {1, 2, 3}), 0);
  EXPECT_TRUE(strict.take_warnings().empty());
}

TEST_F(PrefixCacheTest, BrokenFilesAreLeftOutWithAWord) {
  const PrefixCacheOptions options{.folder = folder_.path()};
  {
    PrefixCache cache(model_, options);
    put(cache, {1, 2, 3});
    cache.write_back();
  }
  const auto path = only_file();
  const std::string content = read_file(path);
  std::string changed = content;
  changed[content.size() / 2] = static_cast<char>(changed[content.size() / 2] ^ 4);
  write_file(path, changed);
  PrefixCache spoilt(model_, options);
  EXPECT_EQ(known(spoilt, {1, 2, 3}), 0);
  auto warnings = spoilt.take_warnings();
  ASSERT_EQ(warnings.size(), 1);
  EXPECT_EQ(warnings[0], path.string() + ": broken: its bytes are not those that were saved: left out");
  put(spoilt, {1, 2, 3});
  spoilt.write_back();
  EXPECT_EQ(read_file(path), content);

  for (const size_t n : {size_t{0}, size_t{7}, content.size() / 2}) {
    write_file(path, content.substr(0, n));
    PrefixCache truncated(model_, options);
    EXPECT_EQ(known(truncated, {1, 2, 3}), 0) << n;
    EXPECT_EQ(truncated.take_warnings().size(), 1) << n;
  }
}

TEST_F(PrefixCacheTest, AFileThatIsGoneIsNotMissed) {
  const PrefixCacheOptions options{.folder = folder_.path()};
  PrefixCache(model_, options);
  {
    PrefixCache cache(model_, options);
    put(cache, {1, 2});
    put(cache, {1, 2, 3});
    cache.write_back();
  }
  PrefixCache cache(model_, options);
  std::filesystem::remove(only_file());
  EXPECT_GT(known(cache, {1, 2, 3, 4}), 0);
  EXPECT_TRUE(cache.take_warnings().empty());
}

TEST_F(PrefixCacheTest, TheFolderHasItsLimitToo) {
  const PrefixCacheOptions options{.max_bytes = 3 * (state_bytes() + 8000), .folder = folder_.path()};
  PrefixCache cache(model_, options);
  for (TokenId id = 1; id < 9; ++id) {
    put(cache, {id});
    cache.write_back();
  }
  EXPECT_LE(cache.stats().file_bytes, options.max_bytes);
  EXPECT_FALSE(cache.stats().wants_write_back);
  EXPECT_EQ(known(cache, {8}), 1);
  const PrefixCache again(model_, options);
  EXPECT_EQ(again.stats().file_bytes, cache.stats().file_bytes);
}

TEST_F(PrefixCacheTest, ReadsThroughFromWhereItKnows) {
  PrefixCache cache(model_, {});
  Ids ids(1200);
  for (size_t i = 0; i < ids.size(); ++i) ids[i] = static_cast<TokenId>(i * 7 % 300);
  EXPECT_EQ(next(read_through(cache, runner_, ids)), next(read(ids)));
  EXPECT_EQ(cache.stats().n_states, 3);
  ids.resize(1100);
  EXPECT_EQ(known(cache, ids), 1024);
  EXPECT_EQ(next(read_through(cache, runner_, ids)), next(read(ids)));
  EXPECT_EQ(read_through(cache, runner_, {}).n_tokens, 0);
}

}  // namespace
}  // namespace rwkv
