#include "sampling/sampler.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>
#include <string>

#include "core/error.h"
#include "kernels/softmax.h"
#include "sampling/rng.h"

namespace rwkv {
namespace {

constexpr float kForbidden = -std::numeric_limits<float>::infinity();

void apply_penalties(std::span<float> logits, const SamplerOptions& options, const SamplerState& state) {
  for (const auto& [token, count] : state.counts) {
    if (token >= logits.size()) continue;
    logits[token] -= static_cast<float>(options.presence + count * options.frequency);
  }
}

void apply_bias(std::span<float> logits, const SamplerOptions& options) {
  for (const auto& [token, bias] : options.bias) logits[token] += bias;
  if (options.n_tokens < logits.size()) std::ranges::fill(logits.subspan(options.n_tokens), kForbidden);
}

// The lowest id among the largest logits. NaN becomes forbidden.
uint32_t most_likely(std::span<float> logits) {
  size_t best = 0;
  for (size_t i = 0; i < logits.size(); ++i) {
    if (std::isnan(logits[i])) logits[i] = kForbidden;
    if (logits[i] > logits[best]) best = i;
  }
  if (logits.empty() || logits[best] == kForbidden) {
    throw Error(ErrorKind::kFormat, "no token can be drawn: every logit is NaN or forbidden");
  }
  return static_cast<uint32_t>(best);
}

// Probabilities become integers, whose sums do not depend on the order of adding.
uint64_t weight_of(float p) { return static_cast<uint64_t>(static_cast<double>(p) * 0x1p53); }

uint64_t total_weight(std::span<const float> p) {
  uint64_t sum = 0;
  for (const float x : p) sum += weight_of(x);
  return sum;
}

// The k-th largest value stays, and of its equals those with low ids.
void keep_top_k(std::span<float> logits, size_t k) {
  std::vector<float> sorted(logits.begin(), logits.end());
  const auto kth = sorted.begin() + static_cast<std::ptrdiff_t>(k - 1);
  std::nth_element(sorted.begin(), kth, sorted.end(), std::greater<>());
  size_t equals_left =
      k - static_cast<size_t>(std::ranges::count_if(logits, [&](float x) { return x > *kth; }));
  for (float& x : logits) {
    if (x < *kth || (x == *kth && equals_left == 0)) {
      x = kForbidden;
    } else if (x == *kth) {
      --equals_left;
    }
  }
}

// The value at which the sum over the values, largest first, first reaches `wanted`. Reorders them.
float value_reaching(std::span<float> values, uint64_t wanted) {
  while (values.size() > 1) {
    const size_t half = values.size() / 2;
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(half), values.end(),
                     std::greater<>());
    const uint64_t upper = total_weight(values.first(half));
    if (upper >= wanted) {
      values = values.first(half);
    } else {
      wanted -= upper;
      values = values.subspan(half);
    }
  }
  return values.front();
}

// The smallest probability that top-p keeps. All tokens below (1 - top_p) / n together weigh less than what
// is cut away, so the search leaves them out: of a vocabulary it sees a few hundred.
float top_p_cutoff(std::span<const float> p, double top_p) {
  const auto floor = static_cast<float>((1 - top_p) / static_cast<double>(p.size()) * 0.99);
  std::vector<float> candidates;
  std::ranges::copy_if(p, std::back_inserter(candidates), [&](float x) { return x >= floor; });
  const double wanted = std::ceil(top_p * static_cast<double>(total_weight(p)));
  return value_reaching(candidates, static_cast<uint64_t>(wanted));
}

void forbid_below(std::span<float> logits, std::span<const float> p, float smallest) {
  for (size_t i = 0; i < logits.size(); ++i) {
    if (p[i] < smallest) logits[i] = kForbidden;
  }
}

void cut(std::span<float> logits, uint32_t best, const SamplerOptions& options) {
  const bool by_probability = options.top_p < 1 || options.min_p > 0;
  std::vector<float> p;
  if (by_probability) {
    p.assign(logits.begin(), logits.end());
    softmax(p);
  }
  if (options.top_k > 0 && options.top_k < logits.size()) keep_top_k(logits, options.top_k);
  if (options.top_p < 1) forbid_below(logits, p, top_p_cutoff(p, options.top_p));
  if (options.min_p > 0) forbid_below(logits, p, static_cast<float>(options.min_p * p[best]));
}

// p^(1/T), renormalised, is the softmax of the logits divided by T.
void apply_temperature(std::span<float> logits, float largest, double temperature) {
  if (temperature == 1) return;
  constexpr double kSurelyZero = -1e30;  // still a float, and exp() of it is 0
  for (float& x : logits) {
    x = static_cast<float>(std::max((static_cast<double>(x) - largest) / temperature, kSurelyZero));
  }
}

uint32_t draw_weighted(std::span<const float> p, double u) {
  const uint64_t total = total_weight(p);
  uint64_t left = std::min(static_cast<uint64_t>(u * static_cast<double>(total)), total - 1);
  for (size_t i = 0;; ++i) {
    const uint64_t weight = weight_of(p[i]);
    if (left < weight) return static_cast<uint32_t>(i);
    left -= weight;
  }
}

void require(bool ok, const char* option, double value, const char* wanted) {
  if (ok) return;
  throw Error(ErrorKind::kUsage, std::string(option) + " is " + std::to_string(value) + ", want " + wanted);
}

}  // namespace

void check_options(const SamplerOptions& o, size_t n_vocab) {
  const auto share = [](double x) { return x >= 0 && x <= 1; };
  require(std::isfinite(o.temperature) && o.temperature >= 0, "temp", o.temperature, "0 or more");
  require(share(o.top_p), "top-p", o.top_p, "0 to 1");
  require(share(o.min_p), "min-p", o.min_p, "0 to 1");
  require(share(o.penalty_decay), "penalty-decay", o.penalty_decay, "0 to 1");
  require(std::isfinite(o.presence), "presence", o.presence, "a finite number");
  require(std::isfinite(o.frequency), "frequency", o.frequency, "a finite number");
  for (const auto& [token, bias] : o.bias) {
    if (token >= n_vocab) {
      throw Error(ErrorKind::kUsage, "bias on id " + std::to_string(token) + ", but the vocabulary has " +
                                         std::to_string(n_vocab) + " ids");
    }
    require(bias < std::numeric_limits<float>::infinity(), "bias", bias, "a number or -inf");
  }
}

void to_probabilities(std::span<float> logits, const SamplerOptions& options, const SamplerState& state) {
  apply_penalties(logits, options, state);
  apply_bias(logits, options);
  const uint32_t best = most_likely(logits);
  if (options.temperature == 0 || options.top_p == 0 || std::isinf(logits[best])) {
    std::ranges::fill(logits, 0.F);
    logits[best] = 1;
    return;
  }
  const float largest = logits[best];
  cut(logits, best, options);
  apply_temperature(logits, largest, options.temperature);
  softmax(logits);
}

uint32_t draw(std::span<float> logits, const SamplerOptions& options, const SamplerState& state) {
  to_probabilities(logits, options, state);
  return draw_weighted(logits, uniform(options.seed, state.position));
}

void record(uint32_t token, float count, const SamplerOptions& options, SamplerState& state) {
  ++state.position;
  for (auto& [seen, n] : state.counts) n = static_cast<float>(n * options.penalty_decay);
  state.counts[token] += count;
}

float penalty_count(std::string_view bytes) {
  return std::string_view(" \t0123456789").find(bytes) == std::string_view::npos ? 1.F : 0.F;
}

}  // namespace rwkv
