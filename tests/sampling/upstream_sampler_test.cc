// The sampler against RWKV's own, written down plainly in double: penalties, softmax, the cuts by top-p and
// top-k, p^(1/T), on random logits.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <random>

#include "sampling/sampler.h"

namespace rwkv {
namespace {

struct Reference {
  std::vector<double> p;
  bool certain = true;  // no cut is so close that rounding to float may decide it
};

std::vector<double> softmax_of(const std::vector<double>& logits) {
  const double largest = *std::ranges::max_element(logits);
  std::vector<double> p;
  for (const double x : logits) p.push_back(std::exp(x - largest));
  const double sum = std::accumulate(p.begin(), p.end(), 0.0);
  for (double& x : p) x /= sum;
  return p;
}

bool close(double a, double b) { return std::abs(a - b) <= 2e-6 * std::max(a, b); }

// Upstream's `probs[probs < cutoff] = 0`, where the cutoff is the probability at which the sum over the
// sorted ones first reaches top_p; ours, min_p, cuts in the same way.
void cut_below(std::vector<double>& kept, const std::vector<double>& p, double cutoff, Reference& reference) {
  for (size_t i = 0; i < p.size(); ++i) {
    if (p[i] != cutoff && close(p[i], cutoff)) reference.certain = false;
    if (p[i] < cutoff) kept[i] = 0;
  }
}

double top_p_cutoff(const std::vector<double>& sorted, double top_p, Reference& reference) {
  double sum = 0;
  for (const double x : sorted) {
    sum += x;
    if (std::abs(sum - top_p) < 1e-6) reference.certain = false;
    if (sum >= top_p) return x;
  }
  return sorted.back();
}

Reference reference_of(std::vector<double> logits, const SamplerOptions& options, const SamplerState& state) {
  for (const auto& [token, count] : state.counts) {
    logits[token] -= options.presence + static_cast<double>(count) * options.frequency;
  }
  for (const auto& [token, bias] : options.bias) logits[token] += static_cast<double>(bias);
  Reference reference;
  const auto p = softmax_of(logits);
  auto sorted = p;
  std::ranges::sort(sorted, std::greater<>());
  auto kept = p;
  if (options.top_p < 1) cut_below(kept, p, top_p_cutoff(sorted, options.top_p, reference), reference);
  if (options.top_k > 0 && options.top_k < p.size()) cut_below(kept, p, sorted[options.top_k - 1], reference);
  cut_below(kept, p, options.min_p * sorted.front(), reference);
  for (double& x : kept) x = std::pow(x, 1 / options.temperature);
  const double sum = std::accumulate(kept.begin(), kept.end(), 0.0);
  for (double& x : kept) x /= sum;
  reference.p = std::move(kept);
  return reference;
}

class UpstreamSampler : public testing::Test {
 protected:
  std::mt19937_64 random_{20240229};

  double between(double low, double high) { return std::uniform_real_distribution(low, high)(random_); }

  std::vector<float> some_logits(size_t n) {
    std::normal_distribution<float> normal(0, static_cast<float>(between(0.5, 6)));
    std::vector<float> logits(n);
    for (float& x : logits) x = normal(random_);
    return logits;
  }
  SamplerOptions some_options(size_t n) {
    SamplerOptions options{.temperature = between(0.3, 2), .top_p = between(0.05, 1)};
    if (between(0, 1) < 0.5) options.top_k = 1 + random_() % n;
    if (between(0, 1) < 0.5) options.min_p = between(0, 0.2);
    if (between(0, 1) < 0.3) options.top_p = 1;
    options.presence = between(0, 1);
    options.frequency = between(0, 1);
    options.bias = {{static_cast<uint32_t>(random_() % n), static_cast<float>(between(-3, 3))}};
    return options;
  }
  SamplerState some_state(size_t n, const SamplerOptions& options) {
    SamplerState state;
    for (int i = 0; i < 20; ++i) record(static_cast<uint32_t>(random_() % n), 1, options, state);
    return state;
  }
};

TEST_F(UpstreamSampler, CutsTheSameTokensAndGivesTheRestTheSameProbabilities) {
  int n_certain = 0;
  for (int round = 0; round < 2000; ++round) {
    const size_t n = 2 + random_() % 500;
    auto p = some_logits(n);
    const auto options = some_options(n);
    const auto state = some_state(n, options);
    const auto reference = reference_of({p.begin(), p.end()}, options, state);
    if (!reference.certain) continue;
    ++n_certain;
    to_probabilities(p, options, state);
    for (size_t i = 0; i < n; ++i) {
      ASSERT_EQ(p[i] > 0, reference.p[i] > 1e-38) << "round " << round << ", token " << i;
      ASSERT_NEAR(p[i], reference.p[i], 2e-5) << "round " << round << ", token " << i;
    }
  }
  EXPECT_GT(n_certain, 1500);
}

TEST_F(UpstreamSampler, CountsAsUpstreamCounts) {
  const std::vector<std::string> pieces{"a", "7", " ", "12", "x1", ""};
  std::map<uint32_t, double> occurrence;
  SamplerState state;
  const SamplerOptions options;
  for (int i = 0; i < 200; ++i) {
    const auto token = static_cast<uint32_t>(random_() % pieces.size());
    for (auto& [seen, count] : occurrence) count *= 0.996;
    const bool digits = std::string(" \t0123456789").find(pieces[token]) != std::string::npos;
    occurrence[token] += digits ? 0 : 1;
    record(token, penalty_count(pieces[token]), options, state);
  }
  ASSERT_EQ(state.counts.size(), occurrence.size());
  for (const auto& [token, count] : occurrence) EXPECT_NEAR(state.counts[token], count, 1e-4) << token;
}

// Pearson's test on 40,000 draws from each of some distributions; the bound is exceeded by chance once in
// 10,000 times, by Wilson and Hilferty's approximation.
TEST_F(UpstreamSampler, DrawsWithTheseProbabilities) {
  constexpr int kDraws = 40'000;
  for (int round = 0; round < 12; ++round) {
    const auto logits = some_logits(60);
    auto options = some_options(60);
    options.seed = random_();
    const auto state = some_state(60, options);
    const auto reference = reference_of({logits.begin(), logits.end()}, options, state);
    std::vector<int> counts(60);
    for (int i = 0; i < kDraws; ++i) {
      auto row = logits;
      SamplerState at = state;
      at.position = static_cast<uint64_t>(i);
      ++counts[draw(row, options, at)];
    }
    double chi_square = 0, rare = 0;
    int n_rare = 0, degrees = -1;
    const auto add = [&](double expected, int found) {
      if (expected == 0) return;
      chi_square += (found - expected) * (found - expected) / expected;
      ++degrees;
    };
    for (size_t i = 0; i < 60; ++i) {
      const double expected = reference.p[i] * kDraws;
      if (expected >= 5) {
        add(expected, counts[i]);
      } else {
        rare += expected;
        n_rare += counts[i];
      }
    }
    add(rare, n_rare);
    const double k = std::max(degrees, 1),
                 bound = k * std::pow(1 - 2 / (9 * k) + 3.72 * std::sqrt(2 / (9 * k)), 3);
    EXPECT_LT(chi_square, bound) << "round " << round << ", " << degrees << " degrees of freedom";
  }
}

}  // namespace
}  // namespace rwkv
