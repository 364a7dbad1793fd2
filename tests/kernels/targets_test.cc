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

TEST_F(Targets, DotProductsAreHadOnlyByName) {
  const auto with = std::ranges::find_if(
      all_, [](const std::string& name) { return name == "AVX2_VNNI" || name == "NEON_DOTPROD"; });
  if (with == all_.end()) GTEST_SKIP() << "this CPU has neither AVX-VNNI nor SDOT";
  EXPECT_TRUE(uses_dot_products());
  pin_target(with->substr(0, 4));  // AVX2 or NEON
  EXPECT_FALSE(uses_dot_products());
  pin_target(*with);
  EXPECT_TRUE(uses_dot_products());
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
