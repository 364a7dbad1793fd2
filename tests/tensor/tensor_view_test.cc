#include "tensor/tensor_view.h"

#include <gtest/gtest.h>

#include <cstring>
#include <numeric>

#include "core/error.h"

namespace rwkv {
namespace {

template <class T>
std::vector<int> gathered(DType dtype, Shape shape, std::vector<uint64_t> strides) {
  std::vector<T> stored(60);
  std::iota(stored.begin(), stored.end(), T{0});
  const TensorView view{"t", dtype, std::move(shape), std::as_bytes(std::span(stored)), std::move(strides)};
  std::vector<std::byte> scratch;
  const auto packed = packed_bytes(view, scratch);
  std::vector<T> values(packed.size() / sizeof(T));
  std::memcpy(values.data(), packed.data(), packed.size());
  return {values.begin(), values.end()};
}

TEST(TensorView, PackedBytesAreTheBytesThemselves) {
  const std::vector<std::byte> stored(8);
  const TensorView view{"t", DType::kF32, {2}, stored, {}};
  std::vector<std::byte> scratch;
  EXPECT_EQ(packed_bytes(view, scratch).data(), stored.data());
  EXPECT_TRUE(scratch.empty());
}

TEST(TensorView, GathersByStrides) {
  EXPECT_EQ(gathered<int32_t>(DType::kI32, {2, 3}, {1, 2}), (std::vector{0, 2, 4, 1, 3, 5}));
  EXPECT_EQ(gathered<int16_t>(DType::kI16, {3}, {5}), (std::vector{0, 5, 10}));
  EXPECT_EQ(gathered<int64_t>(DType::kI64, {2, 1, 2}, {10, 99, 3}), (std::vector{0, 3, 10, 13}));
  EXPECT_EQ(gathered<int8_t>(DType::kI8, {2, 2, 3}, {1, 30, 4}),
            (std::vector{0, 4, 8, 30, 34, 38, 1, 5, 9, 31, 35, 39}));
}

TEST(TensorView, OnlyPlainElementsAreRowMajor) {
  const std::vector<std::byte> stored(1088);
  std::vector<std::byte> scratch;
  const TensorView q8{"t", DType::kQ8, {2, 3}, stored, {}, Layout::kTiles};
  const TensorView turned{"t", DType::kF32, {2, 3}, std::span(stored).first(24), {}, Layout::kInOut};
  EXPECT_EQ(byte_size(q8), 1088u);
  EXPECT_EQ(byte_size(turned), 24u);
  EXPECT_THROW(packed_bytes(q8, scratch), Error);
  EXPECT_THROW(packed_bytes(turned, scratch), Error);
}

TEST(TensorView, LabelsAreOneLine) { EXPECT_EQ(tensor_label("a\nb"), "tensor a?b"); }

}  // namespace
}  // namespace rwkv
