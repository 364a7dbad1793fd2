#include "tensor/dtype.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace rwkv {
namespace {

TEST(DType, TableIsInTheOrderOfTheEnumAndNamesAreFound) {
  for (const DTypeInfo& info : dtype_table()) {
    EXPECT_EQ(dtype_info(info.dtype).name, info.name);
    EXPECT_EQ(find_dtype(info.name), &info);
    EXPECT_TRUE(info.safetensors.empty() || find_safetensors_dtype(info.safetensors) == &info);
  }
  EXPECT_EQ(find_dtype("BF16"), nullptr);
  EXPECT_EQ(find_safetensors_dtype("F8_E4M3"), nullptr);
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
