#include "kernels/elementwise.h"

#include <cmath>
#include <limits>
#include <random>

#include "kernels/softmax.h"
#include "support/targets.h"

namespace rwkv {
namespace {

std::vector<float> uniform(size_t n, float low, float high, uint32_t seed = 1) {
  std::mt19937 rng(seed);
  std::uniform_real_distribution<float> draw(low, high);
  std::vector<float> x(n);
  for (float& v : x) v = draw(rng);
  return x;
}

class ElementwiseOn : public OnEachTarget {};

TEST_P(ElementwiseOn, ExpIsWithinTwoUlpOverItsWholeRange) {
  const auto x = uniform(100003, -87.3f, 88.7f);
  std::vector<float> y(x.size());
  exp_of(x, y);
  for (size_t i = 0; i < x.size(); ++i) {
    const double want = std::exp(double{x[i]});
    ASSERT_NEAR(y[i], want, want * 1.6e-7) << "x = " << x[i];
  }
}

TEST_P(ElementwiseOn, ExpAtTheEdges) {
  constexpr float kInf = std::numeric_limits<float>::infinity();
  const std::vector<float> x = {0, -88, -1e38f, -kInf, 89, kInf};
  std::vector<float> y(x.size()), nan = {std::numeric_limits<float>::quiet_NaN()};
  exp_of(x, y);
  EXPECT_EQ(y, (std::vector<float>{1, 0, 0, 0, kInf, kInf}));
  exp_of(nan, nan);
  EXPECT_TRUE(std::isnan(nan[0]));
}

TEST_P(ElementwiseOn, EveryTailLength) {
  for (size_t n = 0; n <= 40; ++n) {
    const auto a = uniform(n, -3, 3, 1), b = uniform(n, -3, 3, 2), w = uniform(n, -0.2f, 1.2f, 3);
    std::vector<float> y(n), gated(n), added = a, squared = a, more(n), product(n), product_sum(n),
                                       swished(n);
    std::vector<float> sigmoid = a, sigmoid_sum(n), tanh = a;
    interpolate(a, b, w, y);
    interpolate_sum(a, b, w, a, more);
    multiply(a, b, product);
    multiply_sum(a, b, w, product_sum);
    silu_times(a, b, swished);
    sigmoid_of(sigmoid, sigmoid);
    sigmoid_of_sum(a, b, sigmoid_sum);
    tanh_of(tanh, tanh);
    sigmoid_times(a, b, gated);
    add_sigmoid_times(w, b, added);
    relu_squared(squared, squared);
    for (size_t i = 0; i < n; ++i) {
      EXPECT_NEAR(y[i], a[i] + (double{b[i]} - a[i]) * w[i], 1e-6);
      EXPECT_NEAR(more[i], a[i] + (double{b[i]} - a[i]) * (w[i] + a[i]), 4e-6);
      EXPECT_EQ(product[i], a[i] * b[i]);
      EXPECT_NEAR(product_sum[i], a[i] * (double{b[i]} + w[i]), 2e-6);
      EXPECT_NEAR(swished[i], a[i] * b[i] / (1 + std::exp(-double{a[i]})), 2e-6);
      EXPECT_NEAR(sigmoid[i], 1 / (1 + std::exp(-double{a[i]})), 1e-6);
      EXPECT_NEAR(sigmoid_sum[i], 1 / (1 + std::exp(-double{a[i]} - b[i])), 1e-6);
      EXPECT_NEAR(tanh[i], std::tanh(double{a[i]}), 2e-7);
      EXPECT_NEAR(gated[i], b[i] / (1 + std::exp(-double{a[i]})), 1e-6);
      EXPECT_NEAR(added[i], a[i] + b[i] / (1 + std::exp(-double{w[i]})), 1e-6);
      EXPECT_EQ(squared[i], a[i] > 0 ? a[i] * a[i] : 0);
    }
  }
}

TEST_P(ElementwiseOn, SoftmaxSumsToOneAndKeepsRatios) {
  for (const size_t n : {1, 2, 15, 16, 17, 1000}) {
    auto p = uniform(n, -5, 5);
    const double ratio = std::exp(double{p[n - 1]} - p[0]);
    softmax(p);
    double sum = 0;
    for (const float v : p) sum += v;
    EXPECT_NEAR(sum, 1, 1e-6);
    EXPECT_NEAR(p[n - 1] / p[0], ratio, 1e-5 * ratio);
  }
}

TEST_P(ElementwiseOn, SumExpAddsInOrder) {
  for (const size_t n : {1, 17, 255, 256, 257, 1000}) {
    auto x = uniform(n, -20, 5);
    x[n / 2] = -std::numeric_limits<float>::infinity();
    std::vector<float> exps = x;
    for (float& v : exps) v -= 5;
    exp_of(exps, exps);
    double sum = 0;
    for (const float v : exps) sum += static_cast<double>(v);
    EXPECT_EQ(sum_exp(x, 5), sum) << n;
  }
}

TEST_P(ElementwiseOn, SoftmaxOfForbiddenTokensIsZero) {
  std::vector<float> p = {1, -std::numeric_limits<float>::infinity(), 1};
  softmax(p);
  EXPECT_EQ(p, (std::vector<float>{0.5f, 0, 0.5f}));
}

RWKV_TEST_ON_EACH_TARGET(ElementwiseOn);

TEST(Elementwise, SameBitsOnEveryTargetWithFma) {
  const auto a = uniform(1003, -20, 20, 1), b = uniform(1003, -3, 3, 2), w = uniform(1003, 0, 1, 3);
  const auto compute = [&](auto&& operation) {
    expect_same_bits_on_all_targets([&] {
      std::vector<float> y = a;
      operation(y);
      return y;
    });
  };
  compute([&](std::vector<float>& y) { exp_of(a, y); });
  compute([&](std::vector<float>& y) { interpolate(a, b, w, y); });
  compute([&](std::vector<float>& y) { sigmoid_times(a, b, y); });
  compute([&](std::vector<float>& y) { add_sigmoid_times(a, b, y); });
  compute([&](std::vector<float>& y) { softmax(y); });
}

}  // namespace
}  // namespace rwkv
