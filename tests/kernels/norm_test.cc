#include "kernels/norm.h"

#include <cmath>
#include <random>

#include "support/targets.h"

namespace rwkv {
namespace {

struct Case {
  std::vector<float> x, gain, bias;
  explicit Case(size_t n) : x(n), gain(n), bias(n) {
    std::mt19937 rng(1);
    std::normal_distribution<float> normal(0.5f, 2);
    for (auto* v : {&x, &gain, &bias}) {
      for (float& f : *v) f = normal(rng);
    }
  }
  std::vector<float> normalized(size_t n_groups) const {
    std::vector<float> out(x.size());
    normalize(x, {gain, bias, 1e-5f, n_groups}, out);
    return out;
  }
};

double want(const Case& c, size_t i, size_t group) {
  const size_t first = i / group * group;
  double mean = 0, var = 0;
  for (size_t j = first; j < first + group; ++j) mean += c.x[j] / double(group);
  for (size_t j = first; j < first + group; ++j) var += (c.x[j] - mean) * (c.x[j] - mean) / double(group);
  return (c.x[i] - mean) / std::sqrt(var + 1e-5) * c.gain[i] + c.bias[i];
}

class NormOn : public OnEachTarget {};

TEST_P(NormOn, EveryTailLength) {
  for (size_t n = 1; n <= 70; ++n) {
    const Case c(n);
    const auto out = c.normalized(1);
    for (size_t i = 0; i < n; ++i) ASSERT_NEAR(out[i], want(c, i, n), 2e-5) << n << " " << i;
  }
}

TEST_P(NormOn, GroupsHaveTheirOwnMeanAndVariance) {
  for (const size_t group : {8, 16, 24, 64}) {
    const Case c(3 * group);
    const auto out = c.normalized(3);
    for (size_t i = 0; i < out.size(); ++i) ASSERT_NEAR(out[i], want(c, i, group), 2e-5);
  }
}

RWKV_TEST_ON_EACH_TARGET(NormOn);

TEST(Norm, SameBitsOnEveryTargetWithFma) {
  const Case c(1029);
  expect_same_bits_on_all_targets([&] { return c.normalized(1); });
  expect_same_bits_on_all_targets([&] { return c.normalized(3); });
}

}  // namespace
}  // namespace rwkv
