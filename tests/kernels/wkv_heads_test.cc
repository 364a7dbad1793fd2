// The recurrences with a matrix a head (wkv5, wkv7) against their equations in double.
#include <cmath>
#include <random>

#include "kernels/wkv5.h"
#include "kernels/wkv7.h"
#include "support/targets.h"

namespace rwkv {
namespace {

constexpr size_t kHeads = 2, kTokens = 5;

std::vector<float> random_values(size_t n, uint32_t seed, float low = -1, float high = 1) {
  std::mt19937 rng(seed);
  std::uniform_real_distribution<float> draw(low, high);
  std::vector<float> values(n);
  for (float& v : values) v = draw(rng);
  return values;
}

// Inputs of kTokens tokens, [token][head][channel].
struct Case {
  size_t size;  // of a head
  std::vector<float> r, k, v, w, u, kappa, b, S;
  explicit Case(size_t head_size) : size(head_size) {
    const size_t row = kHeads * size, all = kTokens * row;
    r = random_values(all, 1), k = random_values(all, 2), v = random_values(all, 3);
    w = random_values(all, 4, 0, 1), u = random_values(row, 5), kappa = random_values(all, 6, -0.2f, 0.2f);
    b = random_values(all, 7, -0.2f, 0.2f), S = random_values(row * size, 8);
  }
  std::span<const float> token(const std::vector<float>& values, size_t t) const {
    return std::span(values).subspan(t * kHeads * size, kHeads * size);
  }
  MatSpan<const float> tokens(const std::vector<float>& values, size_t first, size_t n) const {
    return {token(values, first).data(), n, kHeads * size};
  }
};

// Some tokens by one call, then the others.
template <class Kernel>
std::vector<float> run(Case& c, size_t n_first, Kernel&& kernel) {
  std::vector<float> y(c.r.size());
  for (const auto& [first, n] : {std::pair{size_t{0}, n_first}, {n_first, kTokens - n_first}}) {
    if (n > 0) kernel(first, n, MatSpan<float>(&y[first * kHeads * c.size], n, kHeads * c.size));
  }
  return y;
}

std::vector<float> run5(Case& c, size_t n_first) {
  return run(c, n_first, [&](size_t first, size_t n, MatSpan<float> y) {
    const auto part = [&](const std::vector<float>& values) { return c.tokens(values, first, n); };
    wkv5({part(c.r), part(c.k), part(c.v), part(c.w), c.u}, c.size, c.S, y);
  });
}

std::vector<float> run7(Case& c, size_t n_first) {
  return run(c, n_first, [&](size_t first, size_t n, MatSpan<float> y) {
    const auto part = [&](const std::vector<float>& values) { return c.tokens(values, first, n); };
    wkv7({part(c.r), part(c.w), part(c.k), part(c.v), part(c.kappa), part(c.b)}, c.size, c.S, y);
  });
}

// One token of one head, S[key][value].
using Step = void (*)(const Case& c, size_t head, size_t token, std::vector<double>& S,
                      std::vector<double>& y);

void step5(const Case& c, size_t head, size_t token, std::vector<double>& S, std::vector<double>& y) {
  const size_t n = c.size, at = (token * kHeads + head) * n;
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) {
      const double kv = double{c.k[at + i]} * c.v[at + j];
      y[j] += c.r[at + i] * (S[i * n + j] + c.u[head * n + i] * kv);
      S[i * n + j] = c.w[at + i] * S[i * n + j] + kv;
    }
  }
}

void step7(const Case& c, size_t head, size_t token, std::vector<double>& S, std::vector<double>& y) {
  const size_t n = c.size, at = (token * kHeads + head) * n;
  for (size_t j = 0; j < n; ++j) {
    double removed = 0;
    for (size_t i = 0; i < n; ++i) removed += S[i * n + j] * c.kappa[at + i];
    for (size_t i = 0; i < n; ++i) {
      S[i * n + j] = S[i * n + j] * c.w[at + i] - removed * c.b[at + i] + double{c.v[at + j]} * c.k[at + i];
      y[j] += S[i * n + j] * c.r[at + i];
    }
  }
}

void expect_near_equation(size_t size, std::vector<float> (*run)(Case&, size_t), Step step) {
  Case c(size);
  const Case before = c;
  const auto y = run(c, kTokens);
  for (size_t n_first = 1; n_first < kTokens; ++n_first) {
    Case divided = before;
    ASSERT_EQ(run(divided, n_first), y) << n_first << " tokens by the first call";
    ASSERT_EQ(divided.S, c.S);
  }
  for (size_t head = 0; head < kHeads; ++head) {
    const auto first = before.S.begin() + static_cast<long>(head * size * size);
    std::vector<double> S(first, first + static_cast<long>(size * size));
    for (size_t t = 0; t < kTokens; ++t) {
      std::vector<double> want(size);
      step(before, head, t, S, want);
      for (size_t j = 0; j < size; ++j) ASSERT_NEAR(y[(t * kHeads + head) * size + j], want[j], 2e-5) << size;
    }
    for (size_t i = 0; i < S.size(); ++i) ASSERT_NEAR(c.S[head * size * size + i], S[i], 2e-5);
  }
}

class WkvHeadsOn : public OnEachTarget {};

TEST_P(WkvHeadsOn, EqualTheirEquationsForEveryHeadSize) {
  for (const size_t size : {1, 5, 8, 16, 24, 32, 61, 64, 100}) {
    expect_near_equation(size, run5, step5);
    expect_near_equation(size, run7, step7);
  }
}

TEST_P(WkvHeadsOn, WhatGoesInAndOutOfAHead) {
  constexpr size_t kSize = 20, kRow = kHeads * kSize;
  const Case c(kSize);
  const auto a = random_values(kRow, 9, 0, 1), weight = random_values(kRow, 10);
  std::vector<float> w6(kRow), w7(kRow), kappa(kRow), y(kRow, 1.0f);
  auto k = std::vector<float>(c.k.begin(), c.k.begin() + kRow);
  decay6(c.u, weight, w6);
  decay7(c.u, weight, w7);
  removal_key7(k, weight, kSize, kappa);
  replacement_key7(a, weight, k);
  add_bonus7(c.token(c.r, 0), c.token(c.k, 0), c.token(c.v, 0), weight, kSize, y);
  for (size_t i = 0; i < kRow; ++i) {
    double norm = 0, bonus = 0;
    for (size_t j = i / kSize * kSize; j < (i / kSize + 1) * kSize; ++j) {
      norm += std::pow(double{c.k[j]} * weight[j], 2), bonus += double{c.r[j]} * c.k[j] * weight[j];
    }
    EXPECT_NEAR(w6[i], std::exp(-std::exp(double{c.u[i]} + weight[i])), 1e-6);
    EXPECT_NEAR(w7[i], std::exp(-std::exp(-0.5) / (1 + std::exp(-double{c.u[i]} - weight[i]))), 1e-6);
    EXPECT_NEAR(kappa[i], c.k[i] * weight[i] / std::sqrt(norm), 1e-6);
    EXPECT_NEAR(k[i], c.k[i] * (1 + (double{a[i]} - 1) * weight[i]), 1e-6);
    EXPECT_NEAR(y[i], 1 + bonus * c.v[i], 1e-5);
  }
}

TEST_P(WkvHeadsOn, AKeyOfZerosIsRemovedAsNothing) {
  const std::vector<float> zeros(16);
  std::vector<float> kappa(16, 1.0f);
  removal_key7(zeros, zeros, 16, kappa);
  EXPECT_EQ(kappa, zeros);
}

RWKV_TEST_ON_EACH_TARGET(WkvHeadsOn);

TEST(WkvHeads, SameBitsOnEveryTargetWithFma) {
  for (const size_t size : {20, 64}) {
    expect_same_bits_on_all_targets([size] {
      Case c(size);
      return run5(c, 3);
    });
    expect_same_bits_on_all_targets([size] {
      Case c(size);
      return run7(c, 3);
    });
  }
}

}  // namespace
}  // namespace rwkv
