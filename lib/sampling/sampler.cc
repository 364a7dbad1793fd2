#include "sampling/sampler.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <functional>
#include <iterator>
#include <limits>
#include <string>
#include <utility>

#include "core/error.h"
#include "kernels/softmax.h"
#include "sampling/constraint/constraint.h"
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
  const size_t best = logits.empty() ? 0 : find_largest(logits);
  if (logits.empty() || logits[best] == kForbidden) {
    throw Error(ErrorKind::kFormat, "no token can be drawn: every logit is NaN or forbidden");
  }
  return static_cast<uint32_t>(best);
}

// Ordered as floats are.
uint32_t ordered_bits(float x) {
  const auto bits = std::bit_cast<uint32_t>(x);
  return bits >> 31 != 0 ? ~bits : bits | 0x8000'0000;
}

// n elements of memory that is kept; what is in them is left.
template <class T>
std::span<T> memory_of(std::vector<T>& memory, size_t n) {
  if (memory.size() < n) memory.resize(n);
  return std::span(memory).first(n);
}

// Copies those wanted to `out`, which may be `values` itself, without a branch for each value.
template <class Predicate>
std::span<float> keep_only(std::span<const float> values, std::span<float> out, Predicate&& wanted) {
  size_t n = 0;
  for (const float x : values) {
    out[n] = x;
    n += wanted(x);
  }
  return out.first(n);
}

// Of some values, largest first, those among which a sum of weights reaches `wanted`.
struct Search {
  static constexpr size_t kBits = 12, kBuckets = size_t{1} << kBits;

  std::span<float> values;
  uint64_t wanted;

  // Leaves those whose ordered bits from `shift` on are those of the value that reaches it; all are alike
  // above.
  template <class Weight>
  void narrow(unsigned shift, Weight&& weight) {
    const auto bucket_of = [&](float x) { return ordered_bits(x) >> shift & (kBuckets - 1); };
    std::array<uint64_t, kBuckets> sums{};
    for (const float x : values) sums[bucket_of(x)] += weight(x);
    size_t bucket = kBuckets - 1;
    for (; bucket > 0 && sums[bucket] < wanted; --bucket) wanted -= sums[bucket];
    values = keep_only(values, values, [&](float x) { return bucket_of(x) == bucket; });
  }
};

// The value at which the sum of weights over the values, largest first, first reaches `wanted`. Changes the
// values.
template <class Weight>
float value_reaching(std::span<float> values, uint64_t wanted, Weight&& weight) {
  Search search{values, wanted};
  search.narrow(20, weight);
  search.narrow(8, weight);
  std::ranges::sort(search.values, std::greater<>());
  for (const float x : search.values) {
    if (weight(x) >= search.wanted) return x;
    search.wanted -= weight(x);
  }
  return search.values.empty() ? kForbidden : search.values.back();
}

// The k-th largest value stays, and of its equals those with low ids.
void keep_top_k(std::span<float> logits, size_t k, DrawScratch& scratch) {
  const std::span<float> values = memory_of(scratch.values, logits.size());
  std::ranges::copy(logits, values.begin());
  const float kth = value_reaching(values, k, [](float) { return uint64_t{1}; });
  size_t equals_left =
      k - static_cast<size_t>(std::ranges::count_if(logits, [&](float x) { return x > kth; }));
  for (float& x : logits) {
    if (x < kth || (x == kth && equals_left == 0)) {
      x = kForbidden;
    } else if (x == kth) {
      --equals_left;
    }
  }
}

// The sums of add_weights(), and of them all.
struct Weights {
  std::vector<uint64_t> sums;
  uint64_t total;

  explicit Weights(std::span<const float> p)
      : sums((p.size() + kWeightsOfSum - 1) / kWeightsOfSum), total(add_weights(p, sums)) {}
};

// The smallest probability that top-p keeps. All tokens below (1 - top_p) / n together weigh less than what
// is cut away, so the search leaves them out: mostly it sees a few hundred.
float top_p_cutoff(std::span<const float> p, double top_p, DrawScratch& scratch) {
  const auto floor = static_cast<float>((1 - top_p) / static_cast<double>(p.size()) * 0.99);
  const std::span<float> values = memory_of(scratch.values, p.size());
  const auto candidates = keep_only(p, values, [floor](float x) { return x >= floor; });
  const double wanted = std::ceil(top_p * static_cast<double>(Weights(p).total));
  return value_reaching(candidates, static_cast<uint64_t>(wanted), weight_of);
}

void forbid_below(std::span<float> logits, std::span<const float> p, float smallest) {
  for (size_t i = 0; i < logits.size(); ++i) logits[i] = p[i] < smallest ? kForbidden : logits[i];
}

void cut(std::span<float> logits, uint32_t best, const SamplerOptions& options, DrawScratch& scratch) {
  const bool by_probability = options.top_p < 1 || options.min_p > 0;
  const std::span<float> p = memory_of(scratch.probabilities, by_probability ? logits.size() : 0);
  if (by_probability) {
    std::ranges::copy(logits, p.begin());
    softmax(p);
  }
  if (options.top_k > 0 && options.top_k < logits.size()) keep_top_k(logits, options.top_k, scratch);
  if (options.top_p < 1) forbid_below(logits, p, top_p_cutoff(p, options.top_p, scratch));
  if (options.min_p > 0) forbid_below(logits, p, static_cast<float>(options.min_p * p[best]));
}

bool cuts(const SamplerOptions& options, size_t n) {
  return (options.top_k > 0 && options.top_k < n) || options.top_p < 1 || options.min_p > 0;
}

bool is_greedy(const SamplerOptions& options, float largest) {
  return options.temperature == 0 || options.top_p == 0 || std::isinf(largest);
}

// p^(1/T), renormalised, is the softmax of the logits divided by T.
void apply_temperature(std::span<float> logits, float largest, double temperature) {
  if (temperature != 1) divide_by_temperature(logits, largest, temperature);
}

size_t draw_weighted(std::span<const float> p, double u) {
  const Weights weights(p);
  uint64_t left = std::min(static_cast<uint64_t>(u * static_cast<double>(weights.total)), weights.total - 1);
  size_t i = 0;
  for (size_t s = 0; left >= weights.sums[s]; ++s, i += kWeightsOfSum) left -= weights.sums[s];
  for (;; ++i) {
    const uint64_t weight = weight_of(p[i]);
    if (left < weight) return i;
    left -= weight;
  }
}

// The tokens that cuts left, by themselves.
struct Kept {
  std::span<uint32_t> ids;
  std::span<float> logits;

  Kept(std::span<const float> all, DrawScratch& scratch)
      : ids(memory_of(scratch.ids, all.size())), logits(memory_of(scratch.values, all.size())) {
    size_t n = 0;
    for (size_t i = 0; i < all.size(); ++i) {  // without a branch
      ids[n] = static_cast<uint32_t>(i);
      logits[n] = all[i];
      n += all[i] != kForbidden;
    }
    ids = ids.first(n);
    logits = logits.first(n);
  }
};

// The stages before the cuts. Returns the likeliest token.
uint32_t prepare(std::span<float> logits, const SamplerOptions& options, const SamplerState& state) {
  if (options.constraint) options.constraint->forbid(logits, state.constraint);
  apply_penalties(logits, options, state);
  apply_bias(logits, options);
  return most_likely(logits);
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
  const uint32_t best = prepare(logits, options, state);
  const float largest = logits[best];
  if (is_greedy(options, largest)) {
    std::ranges::fill(logits, 0.F);
    logits[best] = 1;
    return;
  }
  DrawScratch scratch;
  cut(logits, best, options, scratch);
  apply_temperature(logits, largest, options.temperature);
  softmax(logits);
}

// As by to_probabilities(); what was cut away is left out of its last steps, which changes no bit.
uint32_t draw(std::span<float> logits, const SamplerOptions& options, const SamplerState& state,
              DrawScratch& scratch) {
  const uint32_t best = prepare(logits, options, state);
  const float largest = logits[best];
  if (is_greedy(options, largest)) return best;
  const double u = uniform(options.seed, state.position);
  if (!cuts(options, logits.size())) {
    apply_temperature(logits, largest, options.temperature);
    softmax(logits);
    return static_cast<uint32_t>(draw_weighted(logits, u));
  }
  cut(logits, best, options, scratch);
  const Kept kept(logits, scratch);
  apply_temperature(kept.logits, largest, options.temperature);
  softmax(kept.logits, kept.ids);
  return kept.ids[draw_weighted(kept.logits, u)];
}

uint32_t draw(std::span<float> logits, const SamplerOptions& options, const SamplerState& state) {
  DrawScratch scratch;
  return draw(logits, options, state, scratch);
}

void record(uint32_t token, float count, const SamplerOptions& options, SamplerState& state) {
  ++state.position;
  for (auto& [seen, n] : state.counts) n = static_cast<float>(n * options.penalty_decay);
  state.counts[token] += count;
  if (options.constraint) options.constraint->advance(token, state.constraint);
}

float penalty_count(std::string_view bytes) {
  return std::string_view(" \t0123456789").find(bytes) == std::string_view::npos ? 1.F : 0.F;
}

}  // namespace rwkv
