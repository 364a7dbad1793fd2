#include "tensor/dtype.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace rwkv {
namespace {

TEST(DType, NamesAreFound) {
  for (const DTypeInfo& info : kDTypes) {
    EXPECT_EQ(find_dtype(info.name), &info);
    for (const auto column : {&DTypeInfo::safetensors, &DTypeInfo::torch})
      EXPECT_EQ(find_dtype(column, info.*column), (info.*column).empty() ? nullptr : &info);
  }
  EXPECT_EQ(find_dtype("BF16"), nullptr);
  EXPECT_EQ(find_dtype(&DTypeInfo::safetensors, "F8_E4M3"), nullptr);
}

TEST(DType, ElementsHaveASizeOrACode) {
  for (const DTypeInfo& info : kDTypes) {
    EXPECT_EQ(info.bytes == 0, info.code_bits > 0) << info.name;
    EXPECT_TRUE(!info.is_float || !is_quantised(info.dtype)) << info.name;
    EXPECT_EQ(info.has_products, info.tile_inputs > 0 && info.line_outputs > 0) << info.name;
    EXPECT_TRUE(!info.has_products || holds_weights(info.dtype)) << info.name;
  }
}

TEST(DType, SizesAreChecked) {
  EXPECT_EQ(element_count({}), 1u);
  EXPECT_EQ(element_count({3, 0}), 0u);
  EXPECT_EQ(checked_byte_size(DType::kBf16, {2, 3}), 12u);
  EXPECT_THROW(checked_byte_size(DType::kQ8, {2, 3}), Error);
  EXPECT_THROW(element_count({uint64_t{1} << 33, uint64_t{1} << 33}), Error);
  EXPECT_THROW(checked_byte_size(DType::kF32, {uint64_t{1} << 62}), Error);
  EXPECT_EQ(to_string(Shape{64, 768}), "[64, 768]");
  EXPECT_EQ(to_string(Shape{}), "[]");
}

}  // namespace
}  // namespace rwkv
