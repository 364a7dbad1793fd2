#include "model/model.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "core/error.h"
#include "support/fixtures.h"
#include "support/source_folder.h"
#include "support/targets.h"

namespace rwkv {
namespace {

std::filesystem::path golden(const std::string& name) {
  return source_folder() / "tests/golden/fixtures" / name / "model-bf16.pth";
}

struct Outcome {
  std::vector<float> logits;  // of every token
  State state;
};

std::vector<float> all_values(const State& state) {
  std::vector<float> values;
  for (size_t layer = 0; layer < state.n_layers(); ++layer) {
    for (size_t part = 0; part < state.parts().size(); ++part) {
      const auto floats = state.part(layer, part);
      values.insert(values.end(), floats.begin(), floats.end());
    }
  }
  return values;
}

// The tokens in calls of at most `step`.
Outcome run(const Model& model, std::span<const TokenId> tokens, size_t step, size_t n_threads) {
  Workspace workspace(n_threads);
  Outcome result{{}, model.initial_state()};
  result.logits.resize(tokens.size() * model.info().n_vocab);
  MatSpan<float> rows{result.logits.data(), tokens.size(), model.info().n_vocab};
  for (size_t i = 0; i < tokens.size(); i += step) {
    const size_t n = std::min(step, tokens.size() - i);
    const Segment segment{tokens.subspan(i, n), &result.state};
    model.forward({&segment, 1}, LogitRows::kAll, rows.rows_at(i, n), workspace);
  }
  return result;
}

class Exactness : public testing::TestWithParam<Fixture> {
 protected:
  Exactness() : model_(Model::load(golden(GetParam().name()))), tokens_(GetParam().tokens()) {
    tokens_.resize(90);  // more than one pass holds
  }
  Model model_;
  std::vector<TokenId> tokens_;
};

TEST_P(Exactness, SameBitsForEveryChunkLengthAndThreadCount) {
  const Outcome one_at_a_time = run(model_, tokens_, 1, 1);
  for (const size_t step : {2, 3, 7, 64, 90}) {
    for (const size_t n_threads : {1, 2, 5}) {
      const Outcome chunked = run(model_, tokens_, step, n_threads);
      ASSERT_EQ(chunked.logits, one_at_a_time.logits)
          << "chunks of " << step << ", " << n_threads << " threads";
      ASSERT_EQ(all_values(chunked.state), all_values(one_at_a_time.state));
    }
  }
}

// Sequences of different lengths in one call; each must come out as if it were alone.
TEST_P(Exactness, SameBitsInABatchWithAnyNeighbours) {
  constexpr size_t kSequences = 9;
  const size_t n_vocab = model_.info().n_vocab;
  std::vector<State> states(kSequences, model_.initial_state());
  std::vector<Segment> batch;
  for (size_t i = 0; i < kSequences; ++i)
    batch.push_back({std::span(tokens_).subspan(i, 1 + 5 * i), &states[i]});
  Workspace workspace(2);
  std::vector<float> last(kSequences * n_vocab);
  model_.forward(batch, LogitRows::kLast, {last.data(), kSequences, n_vocab}, workspace);
  for (size_t i = 0; i < kSequences; ++i) {
    const Outcome alone = run(model_, batch[i].tokens, 1, 1);
    const std::vector<float> want(alone.logits.end() - static_cast<long>(n_vocab), alone.logits.end());
    const std::vector<float> got(last.begin() + static_cast<long>(i * n_vocab),
                                 last.begin() + static_cast<long>((i + 1) * n_vocab));
    ASSERT_EQ(got, want) << "sequence " << i;
    ASSERT_EQ(all_values(states[i]), all_values(alone.state)) << "sequence " << i;
  }
}

// A preview leaves the state alone; then the state follows, in steps, as far as it is told.
TEST_P(Exactness, APreviewedStateFollowsBitForBit) {
  const size_t n_vocab = model_.info().n_vocab;
  const std::span<const TokenId> tokens = tokens_;
  for (const size_t n_threads : {1, 2}) {
    State states[] = {model_.initial_state(), run(model_, tokens.first(9), 9, 1).state,
                      model_.initial_state()};
    const Segment batch[] = {{.tokens = tokens.first(6), .state = &states[0], .preview = true},
                             {.tokens = tokens.subspan(9, 4), .state = &states[1], .preview = true},
                             {.tokens = tokens.first(20), .state = &states[2]}};
    const State before = states[1];
    Workspace workspace(n_threads);
    std::vector<float> logits((6 + 4 + 1) * n_vocab);
    model_.forward(batch, LogitRows::kLast, {logits.data(), 11, n_vocab}, workspace);
    const Outcome want = run(model_, tokens.first(20), 1, 1);
    const auto row = [&](const std::vector<float>& all, size_t i) {
      return std::vector(all.begin() + static_cast<long>(i * n_vocab),
                         all.begin() + static_cast<long>((i + 1) * n_vocab));
    };
    for (size_t i = 0; i < 6; ++i) EXPECT_EQ(row(logits, i), row(want.logits, i)) << i;
    for (size_t i = 0; i < 4; ++i) EXPECT_EQ(row(logits, 6 + i), row(want.logits, 9 + i)) << i;
    EXPECT_EQ(row(logits, 10), row(want.logits, 19));
    EXPECT_EQ(all_values(states[0]), all_values(model_.initial_state()));
    EXPECT_EQ(all_values(states[1]), all_values(before));
    EXPECT_EQ(all_values(states[2]), all_values(want.state));

    model_.advance(std::array{Advance{0, 1}, Advance{1, 4}}, workspace);
    EXPECT_EQ(all_values(states[0]), all_values(run(model_, tokens.first(1), 1, 1).state));
    EXPECT_EQ(all_values(states[1]), all_values(run(model_, tokens.first(13), 1, 1).state));
    model_.advance(std::array{Advance{0, 2}, Advance{1, 0}}, workspace);
    EXPECT_EQ(all_values(states[0]), all_values(run(model_, tokens.first(3), 1, 1).state));
    EXPECT_EQ(all_values(states[1]), all_values(run(model_, tokens.first(13), 1, 1).state));
  }
}

// Of segments longer and shorter than a pass, one of which wants none.
TEST_P(Exactness, LogitsOfOnePassAtATimeAreTheSame) {
  const size_t n_vocab = model_.info().n_vocab;
  const Outcome whole = run(model_, tokens_, tokens_.size(), 1);
  for (const LogitRows which : {LogitRows::kNone, LogitRows::kLast, LogitRows::kAll}) {
    std::vector<State> states(5, model_.initial_state());
    const std::span<const TokenId> tokens = tokens_;
    const std::vector<Segment> batch = {{tokens.first(50), &states[0]},
                                        {tokens.first(90), &states[1]},
                                        {tokens.first(60), &states[2], false},
                                        {tokens.first(1), &states[3]},
                                        {tokens.first(90), &states[4]}};
    Workspace workspace(2);
    std::vector<BatchRow> rows;
    size_t n_read = 0;
    const auto on_pass = [&](const PassLogits& pass) {
      n_read += pass.n_tokens;
      ASSERT_EQ(pass.rows.size(), pass.logits.rows);
      ASSERT_LE(pass.rows.size(), kRowsOfPass);
      for (size_t i = 0; i < pass.rows.size(); ++i) {
        const auto [segment, token] = pass.rows[i];
        const auto got = pass.logits.row(i);
        const auto want = std::span(whole.logits).subspan(token * n_vocab, n_vocab);
        ASSERT_TRUE(std::ranges::equal(got, want)) << "segment " << segment << ", token " << token;
        rows.push_back(pass.rows[i]);
      }
    };
    model_.forward(batch, which, on_pass, workspace);
    EXPECT_EQ(n_read, 291U);
    std::vector<BatchRow> wanted;
    for (size_t segment = 0; segment < batch.size(); ++segment) {
      const size_t n = batch[segment].tokens.size(), first = which == LogitRows::kAll ? 0 : n - 1;
      if (which == LogitRows::kNone || !batch[segment].wants_logits) continue;
      for (size_t token = first; token < n; ++token) wanted.push_back({segment, token});
    }
    EXPECT_EQ(rows, wanted);
  }
}

TEST_P(Exactness, SameBitsOnEveryTargetWithFma) {
  expect_same_bits_on_all_targets([&] {
    // Loaded anew: what is computed at load must not depend on the target either.
    return run(Model::load(golden(GetParam().name())), std::span(tokens_).first(40), 40, 1).logits;
  });
}

TEST_P(Exactness, StateAloneCarriesTheSequence) {
  Outcome whole = run(model_, tokens_, 90, 1);
  Outcome first = run(model_, std::span(tokens_).first(41), 41, 1);
  State forked = first.state;
  std::vector<float> logits(49 * model_.info().n_vocab);
  Workspace workspace(1);
  const Segment rest{std::span(tokens_).subspan(41), &forked};
  model_.forward({&rest, 1}, LogitRows::kAll, {logits.data(), 49, model_.info().n_vocab}, workspace);
  EXPECT_TRUE(
      std::equal(logits.begin(), logits.end(), whole.logits.end() - static_cast<long>(logits.size())));
  EXPECT_EQ(all_values(forked), all_values(whole.state));
}

INSTANTIATE_TEST_SUITE_P(Version, Exactness, testing::ValuesIn(golden_fixtures()), [](const auto& test) {
  std::string name = test.param.name();
  std::ranges::replace_if(
      name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
});

TEST(Model, KnowsVersionAndSizes) {
  const ModelInfo info = Model::load(golden("v7")).info();
  EXPECT_EQ(info.version, "7");
  EXPECT_EQ(info.n_layers, 3u);
  EXPECT_EQ(info.n_embd, 64u);
  EXPECT_EQ(info.n_heads, 2u);
  EXPECT_EQ(info.head_size, 32u);
  EXPECT_EQ(info.rank("decay"), 8u);
}

TEST(Model, GroupNormEpsilonCanBeChosen) {
  LoadOptions options;
  options.group_norm_eps = 1e-5f;
  const auto tokens = golden_fixtures()[1].tokens();
  const auto usual = run(Model::load(golden("v5.0")), tokens, 8, 1);
  const auto chosen = run(Model::load(golden("v5.0"), options), tokens, 8, 1);
  EXPECT_NE(usual.logits, chosen.logits);
}

}  // namespace
}  // namespace rwkv
