#include "tensor/packed_layout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "core/error.h"

namespace rwkv {
namespace {

constexpr uint64_t kHuge = uint64_t{1} << 61;

TEST(PackedLayout, SizesOfWholeMatrices) {
  EXPECT_EQ(packed_byte_size(DType::kF32, Layout::kTiles, 17, 5), 2 * 5 * 16 * 4u);
  EXPECT_EQ(packed_byte_size(DType::kBf16, Layout::kTiles, 17, 5), 2 * 3 * 16 * 2 * 2u);
  EXPECT_EQ(packed_byte_size(DType::kQ8, Layout::kTiles, 16, 64), 1024 + 64u);
  EXPECT_EQ(packed_byte_size(DType::kQ4, Layout::kTiles, 17, 65), 4 * (512 + 64u));
  EXPECT_EQ(packed_byte_size(DType::kQ8, Layout::kTurnedTiles, 65, 16), 2 * (1024 + 64u));
  EXPECT_EQ(packed_byte_size(DType::kF32, Layout::kLines, 33, 5), 2 * 5 * 32 * 4u);
  EXPECT_EQ(packed_byte_size(DType::kBf16, Layout::kLines, 65, 5), 2 * 5 * 64 * 2u);
  EXPECT_EQ(packed_byte_size(DType::kQ8, Layout::kLines, 100, 3), 128 * (32 + 2u)) << "room for 128 outputs";
  EXPECT_EQ(packed_byte_size(DType::kQ4, Layout::kLines, 64, 33), 2 * 128 * (16 + 2u));
  EXPECT_EQ(packed_byte_size(DType::kQ6, Layout::kTiles, 17, 65), 4 * (768 + 64u));
  EXPECT_EQ(packed_byte_size(DType::kQ6, Layout::kLines, 64, 33), 2 * 128 * (24 + 2u));
  EXPECT_EQ(packed_byte_size(DType::kQ6, Layout::kOutIn, 3, 100), 3 * 128u)
      << "96 of codes, 4 scales, padding";
  EXPECT_EQ(packed_byte_size(DType::kQ8, Layout::kOutIn, 3, 100), 3 * 192u) << "128 codes, 4 scales, padding";
  EXPECT_EQ(packed_byte_size(DType::kF16, Layout::kInOut, 7, 3), 42u);
}

TEST(PackedLayout, HostileSizesAreRefused) {
  for (const Layout layout :
       {Layout::kOutIn, Layout::kInOut, Layout::kTiles, Layout::kLines, Layout::kTurnedTiles}) {
    for (const DType dtype : {DType::kF32, DType::kF16, DType::kBf16, DType::kQ8, DType::kQ6, DType::kQ4}) {
      EXPECT_THROW(packed_byte_size(dtype, layout, kHuge, kHuge), Error);
      EXPECT_THROW(packed_byte_size(dtype, layout, ~uint64_t{0}, 64), Error);
      EXPECT_THROW(packed_byte_size(dtype, layout, 64, ~uint64_t{0}), Error);
    }
  }
}

TEST(PackedLayout, Names) {
  for (const Layout layout : {Layout::kOutIn, Layout::kTiles, Layout::kLines, Layout::kTurnedTiles})
    EXPECT_EQ(find_layout(layout_name(layout)), layout);
  EXPECT_EQ(find_layout("Tiles"), std::nullopt);
  EXPECT_EQ(find_layout(layout_name(Layout::kInOut)), std::nullopt) << "no file has it";
  EXPECT_EQ(form_name(DType::kF32, Layout::kOutIn), "f32");
  EXPECT_EQ(form_name(DType::kF32, Layout::kTiles), "f32 tiles");
  EXPECT_EQ(form_name(DType::kQ8, Layout::kOutIn), "q8 rows");
}

TEST(PackedLayout, LevelsAscend) { EXPECT_TRUE(std::ranges::is_sorted(kQ4Levels, std::less_equal())); }

}  // namespace
}  // namespace rwkv
