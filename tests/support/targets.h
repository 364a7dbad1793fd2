// Tests that run once on each SIMD target of this CPU.
#pragma once
#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "kernels/targets.h"

namespace rwkv {

class OnEachTarget : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override { pin_target(GetParam()); }
  void TearDown() override { unpin_target(); }
};

// Targets with fused multiply-add, whose results are promised to be the same bits: AVX2 and what is better,
// and NEON. Older x86 targets lack the instruction, and so do those without SIMD.
inline std::vector<std::string> targets_with_fma() {
  std::vector<std::string> targets = supported_targets();
  std::erase_if(
      targets, [](const std::string& name) { return !name.starts_with("AVX") && !name.starts_with("NEON"); });
  return targets;
}

// Runs `compute` (which returns a vector of floats) on every FMA target and expects equal bits.
template <class Compute>
void expect_same_bits_on_all_targets(Compute&& compute) {
  const std::vector<std::string> targets = targets_with_fma();
  std::vector<std::vector<float>> results;
  for (const std::string& target : targets) {
    pin_target(target);
    results.push_back(compute());
  }
  unpin_target();
  for (size_t r = 0; r < results.size(); ++r) {
    ASSERT_EQ(results[r].size(), results[0].size());
    for (size_t i = 0; i < results[r].size(); ++i) {
      ASSERT_EQ(std::bit_cast<uint32_t>(results[r][i]), std::bit_cast<uint32_t>(results[0][i]))
          << targets[r] << ", element " << i;
    }
  }
}

#define RWKV_TEST_ON_EACH_TARGET(suite)                                           \
  INSTANTIATE_TEST_SUITE_P(Target, suite, testing::ValuesIn(supported_targets()), \
                           [](const auto& test) { return test.param; })

}  // namespace rwkv
