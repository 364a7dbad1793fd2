#include "ordered_output.h"

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
  OrderedOutput output(out, 10);
  output.add(2, "12345");
  EXPECT_FALSE(output.full());
  output.add(1, "12345");
  EXPECT_TRUE(output.full());
  output.add(0, std::string(50, 'x'));
  EXPECT_FALSE(output.full());
}

TEST(OrderedOutputTest, AFullDiskIsAnError) {
  std::ostringstream out;
  OrderedOutput output(out, 10);
  out.setstate(std::ios::badbit);
  EXPECT_THROW(output.add(0, "a"), Error);
}

}  // namespace
}  // namespace rwkv
