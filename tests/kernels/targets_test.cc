// Naming targets, and what each name stands for.
#include "kernels/targets.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>

#include "core/error.h"

namespace rwkv {
namespace {

class Targets : public testing::Test {
 protected:
  void TearDown() override { unpin_target(); }

  std::vector<std::string> all_ = supported_targets();
};

TEST_F(Targets, EachCanBePinnedAfterAnyOther) {
  for (const std::string& name : all_) {
    pin_target(name);
    EXPECT_EQ(current_target(), name);
  }
  unpin_target();
  EXPECT_EQ(supported_targets(), all_);
}

TEST_F(Targets, ExtensionsAreHadOnlyByName) {
  struct Case {
    std::string without, with;
    Extension extension;
    int64_t highway;
  };
  size_t n = 0;
  for (const Case& c : {Case{"AVX2", "AVX2_VNNI", Extension::kBytes, HWY_AVX2},
                        Case{"AVX3", "AVX3_VNNI", Extension::kBytes, HWY_AVX3},
                        Case{"AVX3_DL", "AVX3_DL_BF16", Extension::kBf16, HWY_AVX3_DL},
                        Case{"AVX3_DL_BF16", "AVX3_DL_AMX", Extension::kAmx, HWY_AVX3_DL},
                        Case{"NEON", "NEON_DOTPROD", Extension::kBytes, HWY_NEON}}) {
    if (std::ranges::count(all_, c.with) == 0) continue;
    ++n;
    unpin_target();
    EXPECT_TRUE(uses_extension(c.extension, c.highway));
    pin_target(c.with);
    EXPECT_TRUE(uses_extension(c.extension, c.highway));
    if (std::ranges::count(all_, c.without) == 0) continue;
    pin_target(c.without);
    EXPECT_FALSE(uses_extension(c.extension, c.highway));
  }
  if (n == 0) GTEST_SKIP() << "this CPU has no extension";
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
