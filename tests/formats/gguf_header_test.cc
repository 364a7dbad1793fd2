#include "formats/gguf_header.h"

#include <gtest/gtest.h>

#include "support/error_of.h"
#include "support/gguf_builder.h"
#include "support/tensor_values.h"

namespace rwkv {
namespace {

constexpr uint32_t kF32 = 0, kQ8_0 = 8;

GgufBuilder small() {
  GgufBuilder gguf;
  gguf.add_string("general.architecture", "rwkv7");
  gguf.add_u32("rwkv7.block_count", 2);
  gguf.add_entry("an.f32", 6, bytes_in_file(0.5F));
  gguf.add_entry("a.bool", 7, std::string(1, '\1'));
  gguf.add_entry("an.i64", 11, bytes_in_file<int64_t>(-3));
  gguf.add_strings("tokens", {"<s>", "", "a\tb"});
  gguf.add_entry(
      "types", 9,
      bytes_in_file<uint32_t>(5) + bytes_in_file<uint64_t>(2) + bytes_in_file(3) + bytes_in_file(-1));
  gguf.add_tensor("one", {3, 2}, kF32, std::string(24, 'x'));
  gguf.add_tensor("blocks", {64, 2}, kQ8_0, std::string(4 * 34, 'y'));
  gguf.add_tensor("none", {0}, kF32, "");
  return gguf;
}

std::string refusal(const std::string& file) {
  return error_of([&] { read_gguf_header(bytes_of(file)); });
}
std::string refusal(const GgufBuilder& gguf) { return refusal(gguf.file()); }

TEST(GgufHeader, ReadsMetadataAndTensors) {
  for (const uint32_t version : {2U, 3U}) {
    GgufBuilder gguf = small();
    gguf.version = version;
    const std::string file = gguf.file();
    ASSERT_TRUE(looks_like_gguf(bytes_of(file)));
    const GgufHeader header = read_gguf_header(bytes_of(file));
    EXPECT_EQ(header.version, version);
    std::string texts;
    for (const GgufEntry& entry : header.entries)
      texts += std::string(entry.key) + "=" + to_text(entry.value) + " ";
    EXPECT_EQ(
        texts,
        "general.architecture=rwkv7 rwkv7.block_count=2 an.f32=0.5 a.bool=true an.i64=-3 tokens=[3 string] "
        "types=[2 i32] ");
    EXPECT_EQ(strings_of(*find_value(header, "tokens")), (std::vector<std::string_view>{"<s>", "", "a\tb"}));
    EXPECT_EQ(integers_of(*find_value(header, "types")), (std::vector<int64_t>{3, -1}));
    EXPECT_EQ(find_value(header, "token"), nullptr);
    ASSERT_EQ(header.tensors.size(), 3U);
    EXPECT_EQ(header.tensors[0].shape, (Shape{2, 3}));
    EXPECT_EQ(header.tensors[0].bytes[0], std::byte{'x'});
    EXPECT_EQ(header.tensors[1].name, "blocks");
    EXPECT_EQ(header.tensors[1].type->name, "Q8_0");
    EXPECT_EQ(header.tensors[1].bytes.size(), 136U);
    EXPECT_EQ(header.tensors[1].bytes[135], std::byte{'y'});
  }
}

TEST(GgufHeader, TheAlignmentIsThatOfTheMetadata) {
  for (const uint32_t alignment : {1U, 8U, 64U}) {
    GgufBuilder gguf;
    gguf.alignment = alignment;
    gguf.add_u32("general.alignment", alignment);
    gguf.add_tensor("first", {1}, kF32, "abcd");
    gguf.add_tensor("second", {1}, kF32, "efgh");
    const std::string file = gguf.file();
    const GgufHeader header = read_gguf_header(bytes_of(file));
    EXPECT_EQ(header.tensors[0].bytes[0], std::byte{'a'});
    EXPECT_EQ(header.tensors[1].bytes[3], std::byte{'h'});
  }
  GgufBuilder gguf;
  gguf.add_u32("general.alignment", 24);
  EXPECT_EQ(refusal(gguf), "metadata general.alignment: is 24, want a power of two");
}

TEST(GgufHeader, EveryTruncationIsRefused) {
  GgufBuilder gguf = small();
  gguf.describe("last", {2}, kF32, gguf.data.size() / 32 * 32 + 32);
  gguf.data.resize(gguf.data.size() / 32 * 32 + 40);
  const std::string whole = gguf.file();
  ASSERT_EQ(refusal(whole), "accepted");
  for (size_t n = 4; n < whole.size(); ++n) ASSERT_NE(refusal(whole.substr(0, n)), "accepted") << n;
}

TEST(GgufHeader, SaysWhatItDoesNotRead) {
  GgufBuilder gguf = small();
  gguf.version = 1;
  EXPECT_EQ(refusal(gguf), "GGUF version 1, want 2 or 3");
  gguf.version = 0x03000000;
  EXPECT_EQ(refusal(gguf), "a big-endian GGUF, want a little-endian one");
  gguf = small();
  gguf.add_entry("split.no", 2, bytes_in_file<uint16_t>(1));
  gguf.add_entry("split.count", 2, bytes_in_file<uint16_t>(3));
  EXPECT_EQ(refusal(gguf), "part 2 of 3 of a model: join them with llama-gguf-split --merge");
  gguf = small();
  gguf.add_tensor("odd", {1}, 4, "");
  EXPECT_EQ(refusal(gguf), "tensor odd: elements of ggml's type 4 are not supported");
  gguf = small();
  gguf.add_entry("nested", 9, bytes_in_file<uint32_t>(9) + bytes_in_file<uint64_t>(0));
  EXPECT_EQ(refusal(gguf), "metadata nested: an array of arrays");
}

TEST(GgufHeader, NumbersThatCannotBeAreRefused) {
  GgufBuilder gguf = small();
  gguf.n_tensors = uint64_t{1} << 60;
  EXPECT_TRUE(refusal(gguf).starts_with("names 1152921504606846976 tensors, but has only "));
  gguf = small();
  gguf.n_entries = uint64_t{1} << 60;
  EXPECT_TRUE(refusal(gguf).starts_with("names 1152921504606846976 metadata entries, but has only "));
  gguf = small();
  gguf.add_entry("list", 9, bytes_in_file<uint32_t>(4) + bytes_in_file(uint64_t{1} << 62));
  EXPECT_EQ(refusal(gguf), "metadata list: a size overflows 64 bits");
  gguf = small();
  gguf.add_entry("key", 13, "");
  EXPECT_EQ(refusal(gguf), "metadata key: a value of unknown type 13");
  gguf = small();
  gguf.add_u32("rwkv7.block_count", 2);
  EXPECT_EQ(refusal(gguf), "metadata rwkv7.block_count: is there twice");
  gguf = small();
  gguf.add_string("split.count", "x");
  EXPECT_EQ(refusal(gguf), "metadata split.count: is x, want a whole number");
}

TEST(GgufHeader, TensorsThatCannotLieThereAreRefused) {
  const auto with = [](std::initializer_list<uint64_t> dimensions, uint32_t type, uint64_t offset) {
    GgufBuilder gguf = small();
    gguf.describe("t", dimensions, type, offset);
    return refusal(gguf);
  };
  EXPECT_EQ(with({1, 1, 1, 1, 1}, kF32, 0), "tensor t: 5 dimensions, want at most 4");
  EXPECT_EQ(with({48}, kQ8_0, 0), "tensor t: rows of 48 elements, want multiples of 32 for Q8_0");
  EXPECT_EQ(with({uint64_t{1} << 62, 32}, kF32, 0), "tensor t: a size overflows 64 bits");
  EXPECT_EQ(with({1}, kF32, 4), "tensor t: begins at 4, which is no multiple of 32");
  EXPECT_EQ(with({64}, kF32, 160), "tensor t: truncated: ends at 416 of the data, which has 192 bytes");
  EXPECT_EQ(with({1}, kF32, ~uint64_t{31}),
            "tensor t: truncated: ends at 18446744073709551588 of the data, which has 192 bytes");
  EXPECT_EQ(with({1}, kF32, 32), "tensor blocks: overlaps with tensor t");
}

}  // namespace
}  // namespace rwkv
