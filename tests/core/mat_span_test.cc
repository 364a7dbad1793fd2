#include "core/mat_span.h"

#include <gtest/gtest.h>

#include <numeric>
#include <vector>

namespace rwkv {
namespace {

TEST(MatSpan, RowsAndColumnsAreViewsOfTheSameMemory) {
  std::vector<int> values(12);
  std::iota(values.begin(), values.end(), 0);
  const MatSpan<int> whole(values.data(), 3, 4);
  EXPECT_EQ(whole.row(1)[2], 6);

  const MatSpan<const int> part = whole.rows_at(1, 2).cols_at(1, 2);
  EXPECT_EQ(part.rows, 2u);
  EXPECT_EQ(part.row(1).size(), 2u);
  EXPECT_EQ(part.row(1)[0], 9);
  whole.row(2)[1] = -1;
  EXPECT_EQ(part.row(1)[0], -1);
}

}  // namespace
}  // namespace rwkv
