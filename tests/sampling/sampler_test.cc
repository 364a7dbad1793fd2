#include "sampling/sampler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <set>

#include "core/error.h"
#include "kernels/softmax.h"
#include "sampling/rng.h"

namespace rwkv {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

std::vector<float> logits_of(const std::vector<double>& probabilities) {
  std::vector<float> logits;
  for (const double p : probabilities) logits.push_back(static_cast<float>(std::log(p)));
  return logits;
}

// How often each token comes, in n draws.
std::vector<int> histogram(const std::vector<float>& logits, const SamplerOptions& options, int n) {
  std::vector<int> counts(logits.size());
  for (int i = 0; i < n; ++i) {
    auto row = logits;
    ++counts[draw(row, options, {.position = static_cast<uint64_t>(i)})];
  }
  return counts;
}

std::set<size_t> drawn_tokens(const std::vector<float>& logits, const SamplerOptions& options) {
  std::set<size_t> tokens;
  const auto counts = histogram(logits, options, 3000);
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0) tokens.insert(i);
  }
  return tokens;
}

double chi_square(const std::vector<int>& counts, const std::vector<double>& probabilities, int n) {
  double sum = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    const double expected = probabilities[i] * n;
    if (expected > 0) sum += (counts[i] - expected) * (counts[i] - expected) / expected;
  }
  return sum;
}

uint32_t draw_once(std::vector<float> logits, const SamplerOptions& options = {},
                   const SamplerState& state = {}) {
  return draw(logits, options, state);
}

SamplerOptions greedy() { return {.temperature = 0}; }

TEST(Sampler, DrawsTheModelsDistribution) {
  const std::vector<double> p{0.4, 0.3, 0.15, 0.1, 0.05};
  EXPECT_LT(chi_square(histogram(logits_of(p), {.seed = 3}, 50'000), p, 50'000),
            18.5);  // 4 degrees, 1 in 1000
}

TEST(Sampler, TemperatureIsAPowerOfTheProbability) {
  const std::vector<double> p{0.4, 0.3, 0.15, 0.1, 0.05};
  for (const double temperature : {0.5, 2.0}) {
    std::vector<double> expected;
    double sum = 0;
    for (const double x : p) sum += expected.emplace_back(std::pow(x, 1 / temperature));
    for (double& x : expected) x /= sum;
    const auto counts = histogram(logits_of(p), {.temperature = temperature, .seed = 5}, 50'000);
    EXPECT_LT(chi_square(counts, expected, 50'000), 18.5) << temperature;
  }
}

TEST(Sampler, ExtremeTemperaturesAreSafe) {
  const std::vector<float> logits{1, 3, -kInfinity, 2};
  EXPECT_EQ(drawn_tokens(logits, {.temperature = 1e-300}), (std::set<size_t>{1}));
  EXPECT_EQ(drawn_tokens(logits, {.temperature = 1e300}), (std::set<size_t>{0, 1, 3}));
}

TEST(Sampler, GreedyTakesTheLowestOfEquals) {
  const std::vector<float> logits{0, 2, 2, 1};
  EXPECT_EQ(draw_once(logits, greedy()), 1);
  EXPECT_EQ(draw_once(logits, {.top_p = 0}), 1);
  EXPECT_EQ(draw_once(logits, {.top_k = 1}), 1);
}

TEST(Sampler, TopKKeepsTheMostLikelyAndOfEqualsLowIds) {
  EXPECT_EQ(drawn_tokens({1, 5, 4, 4, 4}, {.top_k = 3}), (std::set<size_t>{1, 2, 3}));
  EXPECT_EQ(drawn_tokens({1, 5, 4}, {.top_k = 99}), (std::set<size_t>{0, 1, 2}));
}

TEST(Sampler, TopPKeepsUpToTheTokenThatReachesIt) {
  const auto logits = logits_of({0.1, 0.4, 0.05, 0.3, 0.15});
  EXPECT_EQ(drawn_tokens(logits, {.top_p = 0.39}), (std::set<size_t>{1}));
  EXPECT_EQ(drawn_tokens(logits, {.top_p = 0.69}), (std::set<size_t>{1, 3}));
  EXPECT_EQ(drawn_tokens(logits, {.top_p = 0.71}), (std::set<size_t>{1, 3, 4}));
  EXPECT_EQ(drawn_tokens(logits, {.top_p = 0.999999}), (std::set<size_t>{0, 1, 2, 3, 4}));
}

TEST(Sampler, TopPKeepsAllEqualsOfTheLastOne) {
  EXPECT_EQ(drawn_tokens({1, 1, 1, 1}, {.top_p = 0.3}), (std::set<size_t>{0, 1, 2, 3}));
}

TEST(Sampler, TopPIsCutBeforeTemperature) {
  const auto logits = logits_of({0.6, 0.3, 0.1});
  EXPECT_EQ(drawn_tokens(logits, {.temperature = 100, .top_p = 0.55}), (std::set<size_t>{0}));
}

// Against the definition, by sorting, on distributions of many shapes.
TEST(Sampler, TopPAgreesWithSortingTheWholeVocabulary) {
  for (const float sharpness : {0.01F, 1.F, 4.F}) {
    std::vector<float> logits(197);
    for (size_t i = 0; i < logits.size(); ++i) logits[i] = sharpness * std::sin(static_cast<float>(i * i));
    std::vector<std::pair<double, size_t>> sorted;
    double sum = 0;
    for (const float x : logits) sum += std::exp(x);
    for (size_t i = 0; i < logits.size(); ++i) sorted.emplace_back(-std::exp(logits[i]) / sum, i);
    std::ranges::sort(sorted);
    std::set<size_t> kept;
    for (double reached = 0; const auto& [p, token] : sorted) {
      kept.insert(token);
      if ((reached -= p) >= 0.8) break;
    }
    // At this temperature all that is kept is equally likely.
    EXPECT_EQ(drawn_tokens(logits, {.temperature = 1e6, .top_p = 0.8}), kept) << sharpness;
  }
}

// What draw() leaves out after the cuts changes no bit.
TEST(Sampler, DrawsFromTheProbabilitiesThatItSays) {
  std::mt19937 rng(7);
  for (const float spread : {0.01F, 1.0F, 6.0F}) {
    std::normal_distribution<float> normal(0, spread);
    std::vector<float> logits(5003);
    for (float& x : logits) x = normal(rng);
    for (const SamplerOptions& options :
         {SamplerOptions{}, SamplerOptions{.temperature = 0.7}, SamplerOptions{.top_p = 0.5},
          SamplerOptions{.temperature = 1.3, .top_k = 40, .top_p = 0.9}, SamplerOptions{.min_p = 0.1},
          SamplerOptions{.top_k = 4000, .bias = {{3, 9.0F}, {4, -kInfinity}}, .n_tokens = 5000}}) {
      auto p = logits;
      to_probabilities(p, options, {});
      uint64_t total = 0;
      for (const float x : p) total += weight_of(x);
      for (uint64_t position = 0; position < 20; ++position) {
        auto left =
            std::min(static_cast<uint64_t>(uniform(0, position) * static_cast<double>(total)), total - 1);
        uint32_t want = 0;
        for (; left >= weight_of(p[want]); ++want) left -= weight_of(p[want]);
        EXPECT_EQ(draw_once(logits, options, {.position = position}), want);
      }
    }
  }
}

TEST(Sampler, MinPIsRelativeToTheLargest) {
  EXPECT_EQ(drawn_tokens(logits_of({0.5, 0.26, 0.2, 0.04}), {.min_p = 0.5}), (std::set<size_t>{0, 1}));
}

TEST(Sampler, PenaltiesAreSubtractedFromLogitsOfSeenTokens) {
  const SamplerState state{.position = 0, .counts = {{1, 2.F}, {2, 1e-6F}, {77, 1.F}}};
  SamplerOptions options = greedy();
  options.presence = 0.5;
  options.frequency = 1;
  EXPECT_EQ(draw_once({1, 3.4F, 0}, options, state), 0);  // 3.4 - 0.5 - 2
  EXPECT_EQ(draw_once({1, 3.6F, 0}, options, state), 1);
  EXPECT_EQ(draw_once({1, 0, 1.4F}, options, state), 0);  // presence holds however small the count is
}

TEST(Sampler, CountsDecayThenTheDrawnTokenGrows) {
  SamplerState state;
  const SamplerOptions options{.penalty_decay = 0.5};
  for (const uint32_t token : {4U, 4U, 9U}) record(token, 1, options, state);
  EXPECT_EQ(state.position, 3);
  EXPECT_EQ(state.counts, (std::map<uint32_t, float>{{4, 0.75F}, {9, 1.F}}));
}

TEST(Sampler, DigitsAndSpacesCountNothingButArePresent) {
  for (const char* exempt : {" ", "\t", "7", "12", " \t0", ""}) EXPECT_EQ(penalty_count(exempt), 0) << exempt;
  for (const char* counted : {"a", "  ", "21", "\n", "1.", " 1"})
    EXPECT_EQ(penalty_count(counted), 1) << counted;
  SamplerState state;
  SamplerOptions options = greedy();
  record(1, penalty_count("7"), options, state);
  options.frequency = 10;
  EXPECT_EQ(draw_once({0, 1}, options, state), 1);
  options.presence = 2;
  EXPECT_EQ(draw_once({0, 1}, options, state), 0);
}

TEST(Sampler, PaddingIsNeverDrawn) {
  SamplerOptions options{.n_tokens = 2};
  EXPECT_EQ(drawn_tokens({1, 1, 5, 5}, options), (std::set<size_t>{0, 1}));
  options.bias = {{3, 100.F}};
  EXPECT_EQ(drawn_tokens({1, 1, 5, 5}, options), (std::set<size_t>{0, 1}));
}

TEST(Sampler, BiasIsAddedAndForbids) {
  SamplerOptions options = greedy();
  options.bias = {{0, 2.5F}};
  EXPECT_EQ(draw_once({1, 3}, options), 0);
  options.bias = {{1, -kInfinity}};
  EXPECT_EQ(draw_once({1, 3}, options), 0);
}

TEST(Sampler, NeverDrawsNanOrForbiddenTokens) {
  const std::vector<float> logits{kNan, -kInfinity, 0.5F, kNan, 0};
  EXPECT_EQ(drawn_tokens(logits, {}), (std::set<size_t>{2, 4}));
  EXPECT_EQ(drawn_tokens(logits, {.top_k = 4, .top_p = 0.9999}), (std::set<size_t>{2, 4}));
  EXPECT_EQ(draw_once(logits, greedy()), 2);
  EXPECT_THROW(draw_once({kNan, kNan}), Error);
  EXPECT_THROW(draw_once({-kInfinity, kNan}, greedy()), Error);
}

TEST(Sampler, AnInfiniteLogitIsCertain) { EXPECT_EQ(draw_once({1, kInfinity, 3}), 1); }

TEST(Sampler, OptionsOutOfRangeAreNamed) {
  const auto message_of = [](const SamplerOptions& options) -> std::string {
    try {
      check_options(options, 10);
    } catch (const Error& e) {
      EXPECT_EQ(e.kind(), ErrorKind::kUsage);
      return e.what();
    }
    return "";
  };
  EXPECT_EQ(message_of({}), "");
  EXPECT_EQ(message_of({.temperature = -1}), "temp is -1.000000, want 0 or more");
  EXPECT_EQ(message_of({.top_p = 1.5}), "top-p is 1.500000, want 0 to 1");
  EXPECT_EQ(message_of({.presence = INFINITY}), "presence is inf, want a finite number");
  EXPECT_EQ(message_of({.bias = {{10, 1.F}}}), "bias on id 10, but the vocabulary has 10 ids");
  EXPECT_EQ(message_of({.bias = {{1, kInfinity}}}), "bias is inf, want a number or -inf");
}

}  // namespace
}  // namespace rwkv
