#include "formats/bin_reader.h"

#include <gtest/gtest.h>

#include "support/error_of.h"
#include "support/gguf_builder.h"
#include "support/tensor_values.h"

namespace rwkv {
namespace {

constexpr uint32_t kF32 = 0, kF16 = 1, kQ8_0 = 9;

std::string header(uint32_t version) {
  return bytes_in_file(0x67676d66U) + bytes_in_file(version) + bytes_in_file(100U) + bytes_in_file(32U) +
         bytes_in_file(2U) + bytes_in_file(1U);
}

// Dimensions fastest first, as the file has them.
std::string tensor(std::string_view name, std::initializer_list<uint32_t> dimensions, uint32_t type,
                   const std::string& bytes) {
  std::string all = bytes_in_file(static_cast<uint32_t>(dimensions.size())) +
                    bytes_in_file(static_cast<uint32_t>(name.size())) + bytes_in_file(type);
  for (const uint32_t dimension : dimensions) all += bytes_in_file(dimension);
  return all + std::string(name) + bytes;
}

std::string small() {
  const std::string block = bytes_in_file<uint16_t>(0x3c00) + std::string(32, '\2');  // 32 times 2
  return header(101) + tensor("a", {3, 2}, kF32, std::string(24, '\0')) +
         tensor("half", {1}, kF16, bytes_in_file<uint16_t>(0x4000)) +
         tensor("blocks", {32, 2}, kQ8_0, block + block);
}

std::string refusal(const std::string& file) {
  const std::string message = error_of([&] { parse_bin(bytes_of(file)); });
  constexpr std::string_view kKind = "rwkv.cpp .bin: ";
  return message.starts_with(kKind) ? message.substr(kKind.size()) : message;
}

TEST(BinReader, ReadsTensorsInFileOrder) {
  const std::string file = small();
  ASSERT_TRUE(looks_like_bin(bytes_of(file)));
  const TensorList list = parse_bin(bytes_of(file));
  ASSERT_EQ(list.tensors.size(), 3U);
  EXPECT_EQ(list.tensors[0].shape, (Shape{2, 3}));
  EXPECT_EQ(list.tensors[1].dtype, DType::kF16);
  EXPECT_EQ(floats_of(list.tensors[1]), std::vector<float>{2});
  EXPECT_EQ(list.tensors[2].origin.type, "Q8_0");
  EXPECT_TRUE(list.tensors[2].requantise);
  EXPECT_EQ(floats_of(list.tensors[2]), std::vector<float>(64, 2));
  EXPECT_EQ(list.metadata.at("rwkv.cpp.version"), "101");
  EXPECT_EQ(list.metadata.at("rwkv.cpp.n_layer"), "2");
}

TEST(BinReader, EveryTruncationButBetweenTensorsIsRefused) {
  const std::string whole = small();
  size_t n_accepted = 0;
  for (size_t n = 4; n < whole.size(); ++n) n_accepted += refusal(whole.substr(0, n)) == "accepted" ? 1 : 0;
  EXPECT_EQ(n_accepted, 3U);
}

TEST(BinReader, EveryRefusalNamesTheForm) {
  EXPECT_EQ(error_of([] { parse_bin(bytes_of(header(101) + std::string(200, '\0'))); }),
            "rwkv.cpp .bin: ends early: 4 bytes wanted at offset 224, 0 left");
}

TEST(BinReader, SaysWhatItDoesNotRead) {
  EXPECT_EQ(refusal(header(99)), "file version 99, want 100 or 101");
  EXPECT_EQ(refusal(header(101) + tensor("t", {32}, 4, "")),
            "tensor t: elements of type 4 are not supported");
  EXPECT_EQ(
      refusal(header(100) + tensor("t", {32}, kQ8_0, std::string(34, 'x'))),
      "tensor t: Q8_0 of file version 100, whose blocks are no longer known: quantise the FP16 file again");
  EXPECT_EQ(refusal(header(100) + tensor("t", {1}, kF32, "abcd")), "accepted");
  EXPECT_EQ(refusal(header(101) + tensor("t", {1, 1, 1, 1}, kF32, "")),
            "a tensor of 4 dimensions at offset 36, want at most 3");
  EXPECT_EQ(refusal(header(101) + tensor("t", {16}, kQ8_0, "")),
            "tensor t: rows of 16 elements, want multiples of 32 for Q8_0");
  EXPECT_EQ(refusal(header(101) + tensor("t", {~0U, ~0U, ~0U}, kF32, "")),
            "tensor t: a size overflows 64 bits");
  EXPECT_EQ(refusal(header(101) + tensor("t", {2}, kF32, "abcd")),
            "tensor t: ends early: 8 bytes wanted at offset 41, 4 left");
}

}  // namespace
}  // namespace rwkv
