#include "common/ordered_output.h"

#include <gtest/gtest.h>

#include <sstream>

#include "core/error.h"

namespace rwkv {
namespace {

TEST(OrderedOutputTest, WritesInOrderAsSoonAsItCan) {
  std::ostringstream out;
  OrderedOutput output(out, 100);
  output.add(1, "b");
  EXPECT_EQ(out.str(), "");
  output.add(0, "a");
  EXPECT_EQ(out.str(), "ab");
  output.add(3, "d");
  output.add(2, "c");
  EXPECT_EQ(out.str(), "abcd");
  EXPECT_EQ(output.n_written(), 4);
}

TEST(OrderedOutputTest, IsFullWhenTooMuchWaits) {
  std::ostringstream out;
  OrderedOutput output(out, 1000);
  output.add(2, std::string(500, 'x'));
  EXPECT_FALSE(output.full());
  output.add(1, std::string(500, 'x'));
  EXPECT_TRUE(output.full());
  output.add(0, std::string(5000, 'x'));
  EXPECT_FALSE(output.full());
  for (uint64_t number = 100; !output.full(); ++number) {
    output.add(number, "");
    ASSERT_LT(number, 120) << "empty records take memory too";
  }
}

TEST(OrderedOutputTest, AFullDiskIsAnError) {
  std::ostringstream out;
  OrderedOutput output(out, 10);
  out.setstate(std::ios::badbit);
  EXPECT_THROW(output.add(0, "a"), Error);
}

}  // namespace
}  // namespace rwkv
