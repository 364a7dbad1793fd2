#include "checkpoint/footprint.h"

#include <gtest/gtest.h>

#include "formats/safetensors_writer.h"
#include "support/temp_dir.h"

namespace rwkv {
namespace {

TEST(FootprintTest, TablesAreReadByOneRow) {
  const TempDir folder;
  const std::vector<float> floats(100);
  const std::vector<int32_t> ints(4);
  const auto bytes = std::as_bytes(std::span(floats));
  const std::vector<TensorView> tensors = {
      {"emb.weight", DType::kF32, {10, 2}, bytes.first(80), {}},
      {"blocks.0.ffn.s_emb.weight", DType::kF32, {10, 3}, bytes.first(120), {}},
      {"head.weight", DType::kF32, {10, 2}, bytes.first(80), {}},
      {"blocks.0.att.key.weight", DType::kF32, {4, 3}, bytes.first(48), {}},
      {"ln_out.weight", DType::kF32, {2}, bytes.first(8), {}},
      {"ints", DType::kI32, {4}, std::as_bytes(std::span(ints)), {}}};
  write_safetensors(folder / "m", tensors, {});
  const auto file = TensorFile::open(folder / "m");
  const Footprint stored = footprint(file), half = footprint(file, DType::kBf16);
  EXPECT_EQ(stored.parameters, 74 + 14);
  EXPECT_EQ(stored.weight_bytes, 296 + 56);
  EXPECT_EQ(stored.read_bytes, 8 + 12 + 80 + 16 + 56);
  EXPECT_EQ(half.weight_bytes, 140 + 16 + 28);
  EXPECT_EQ(half.read_bytes, 4 + 6 + 40 + 16 + 28);
  EXPECT_EQ(stored.multiply_adds, 12) << "neither tables nor vectors";
  EXPECT_EQ(stored.head_multiply_adds, 20);
  EXPECT_EQ(stored.integer_multiply_adds, 0);
  EXPECT_EQ(footprint(file, DType::kQ8).integer_multiply_adds, 32);
}

}  // namespace
}  // namespace rwkv
