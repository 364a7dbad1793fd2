// Naming targets, and what each name stands for.
#include "kernels/targets.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/error.h"

namespace rwkv {
namespace {

class Targets : public testing::Test {
 protected:
  void TearDown() override { unpin_target(); }

  const std::vector<std::string> all_ = supported_targets();
};

TEST_F(Targets, EachCanBePinnedAfterAnyOther) {
  for (const std::string& name : all_) {
    pin_target(name);
    EXPECT_EQ(current_target(), name);
  }
  unpin_target();
  EXPECT_EQ(supported_targets(), all_);
}

TEST_F(Targets, Avx2HasVnniOnlyByName) {
  if (std::ranges::count(all_, "AVX2_VNNI") == 0) GTEST_SKIP() << "this CPU has no AVX-VNNI";
  EXPECT_TRUE(uses_avx_vnni());
  pin_target("AVX2");
  EXPECT_FALSE(uses_avx_vnni());
  pin_target("AVX2_VNNI");
  EXPECT_TRUE(uses_avx_vnni());
}

TEST_F(Targets, UnknownNameIsRefused) {
  try {
    pin_target("PDP11");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.kind(), ErrorKind::kUsage);
    EXPECT_NE(std::string(e.what()).find(all_.front()), std::string::npos) << e.what();
  }
}

}  // namespace
}  // namespace rwkv
