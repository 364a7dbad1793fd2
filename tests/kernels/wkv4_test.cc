#include "kernels/wkv4.h"

#include <cmath>
#include <random>

#include "support/targets.h"

namespace rwkv {
namespace {

constexpr size_t kTokens = 12;

// The defining sums, in double: wkv_t = Σ_{i<t} e^((t−1−i)w + k_i) v_i + e^(u+k_t) v_t over the same without
// v.
double by_definition(double w, double u, const std::vector<float>& k, const std::vector<float>& v, size_t t) {
  double numerator = std::exp(u + k[t]) * v[t], denominator = std::exp(u + k[t]);
  for (size_t i = 0; i < t; ++i) {
    const double weight = std::exp(static_cast<double>(t - 1 - i) * w + k[i]);
    numerator += weight * v[i], denominator += weight;
  }
  return numerator / denominator;
}

struct Case {
  size_t channels;
  std::vector<float> w, u, aa, bb, pp, k, v;  // k, v: [token][channel]

  explicit Case(size_t n)
      : channels(n), w(n), u(n), aa(n), bb(n), pp(n, -1e38f), k(n * kTokens), v(n * kTokens) {
    std::mt19937 rng(3);
    std::normal_distribution<float> normal(0, 3);
    for (auto* values : {&u, &k, &v}) {
      for (float& f : *values) f = normal(rng);
    }
    for (float& f : w) f = -std::exp(normal(rng));
  }

  std::vector<float> run() {
    std::vector<float> out(channels * kTokens);
    for (size_t t = 0; t < kTokens; ++t) {
      const auto row = [&](auto& all) { return std::span(all).subspan(t * channels, channels); };
      wkv4(w, u, row(k), row(v), {aa, bb, pp}, row(out));
    }
    return out;
  }
};

class Wkv4On : public OnEachTarget {};

TEST_P(Wkv4On, EqualsItsDefiningSumForEveryTailLength) {
  for (size_t n = 1; n <= 35; ++n) {
    Case c(n);
    const auto out = c.run();
    for (size_t i = 0; i < n; ++i) {
      std::vector<float> k, v;
      for (size_t t = 0; t < kTokens; ++t) {
        k.push_back(c.k[t * n + i]), v.push_back(c.v[t * n + i]);
        ASSERT_NEAR(out[t * n + i], by_definition(c.w[i], c.u[i], k, v, t), 2e-5)
            << n << " channels, token " << t;
      }
    }
  }
}

TEST_P(Wkv4On, LargeKeysDoNotOverflow) {
  Case c(8);
  for (float& k : c.k) k *= 100;
  for (const float y : c.run()) ASSERT_TRUE(std::isfinite(y));
}

RWKV_TEST_ON_EACH_TARGET(Wkv4On);

TEST(Wkv4, SameBitsOnEveryTargetWithFma) {
  expect_same_bits_on_all_targets([] {
    Case c(67);
    auto out = c.run();
    out.insert(out.end(), c.aa.begin(), c.aa.end());
    return out;
  });
}

}  // namespace
}  // namespace rwkv
