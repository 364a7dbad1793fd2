// Tests that run once on each SIMD target of this CPU.
#pragma once
#include <gtest/gtest.h>
#include <hwy/highway.h>
#include <hwy/targets.h>

#include <bit>
#include <cstdint>
#include <span>
#include <vector>

namespace rwkv {

class OnEachTarget : public testing::TestWithParam<int64_t> {
 protected:
  void SetUp() override { hwy::SetSupportedTargetsForTest(GetParam()); }
  void TearDown() override { hwy::SetSupportedTargetsForTest(0); }
};

// Targets with fused multiply-add, whose results are promised to be the same bits. x86 below AVX2 has none,
// nor have those without SIMD.
inline std::vector<int64_t> targets_with_fma() {
  std::vector<int64_t> targets = hwy::SupportedAndGeneratedTargets();
  constexpr int64_t kWithout = HWY_SSE4 | HWY_SSSE3 | HWY_SCALAR | HWY_EMU128;
  std::erase_if(targets, [](int64_t t) { return (t & kWithout) != 0; });
  return targets;
}

// Runs `compute` (which returns a vector of floats) on every FMA target and expects equal bits.
template <class Compute>
void expect_same_bits_on_all_targets(Compute&& compute) {
  std::vector<std::vector<float>> results;
  for (const int64_t target : targets_with_fma()) {
    hwy::SetSupportedTargetsForTest(target);
    results.push_back(compute());
  }
  hwy::SetSupportedTargetsForTest(0);
  for (const auto& result : results) {
    ASSERT_EQ(result.size(), results[0].size());
    for (size_t i = 0; i < result.size(); ++i) {
      ASSERT_EQ(std::bit_cast<uint32_t>(result[i]), std::bit_cast<uint32_t>(results[0][i]))
          << "element " << i;
    }
  }
}

#define RWKV_TEST_ON_EACH_TARGET(suite)                                                           \
  INSTANTIATE_TEST_SUITE_P(Target, suite, testing::ValuesIn(hwy::SupportedAndGeneratedTargets()), \
                           [](const auto& test) { return std::string(hwy::TargetName(test.param)); })

}  // namespace rwkv
