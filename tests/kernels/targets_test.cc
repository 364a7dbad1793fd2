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

TEST_F(Targets, HaveVnniOnlyByName) {
  size_t n = 0;
  for (const auto& [name, uses_vnni] : {std::pair{"AVX2", &uses_avx_vnni}, {"AVX3", &uses_avx512_vnni}}) {
    const std::string with = std::string(name) + "_VNNI";
    if (std::ranges::count(all_, with) == 0) continue;
    ++n;
    pin_target(name);
    EXPECT_FALSE(uses_vnni());
    pin_target(with);
    EXPECT_TRUE(uses_vnni());
  }
  if (n == 0) GTEST_SKIP() << "this CPU has no VNNI";
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
