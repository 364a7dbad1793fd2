#include "formats/safetensors_reader.h"

#include <gtest/gtest.h>

#include <cstring>

#include "core/error.h"
#include "support/error_of.h"
#include "support/tensor_values.h"

namespace rwkv {
namespace {

std::string file_with(const std::string& header, size_t data_bytes) {
  const uint64_t n = header.size();
  return std::string(reinterpret_cast<const char*>(&n), sizeof n) + header + std::string(data_bytes, '\0');
}

std::string refusal(const std::string& header, size_t data_bytes) {
  const std::string file = file_with(header, data_bytes);
  return error_of([&] { parse_safetensors(bytes_of(file)); });
}

const std::string kTwo =
    R"({"__metadata__":{"k":"v"},"b":{"dtype":"BF16","shape":[2,3],"data_offsets":[4,16],"note":[]},)"
    R"("a\u00e9\"":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"e":{"dtype":"I8","shape":[0],"data_offsets":[4,4]}})";

TEST(SafetensorsReader, ReadsTensorsInTheOrderOfTheirBytes) {
  for (const std::string padding : {"", "   "}) {
    const std::string file = file_with(padding + kTwo + padding, 16);
    ASSERT_TRUE(looks_like_safetensors(bytes_of(file)));
    const TensorList list = parse_safetensors(bytes_of(file));
    ASSERT_EQ(list.tensors.size(), 3u);
    EXPECT_EQ(list.tensors[0].name, "a\u00e9\"");
    EXPECT_EQ(list.tensors[0].shape, Shape{});
    EXPECT_EQ(list.tensors[1].name, "e");
    EXPECT_EQ(list.tensors[2].dtype, DType::kBf16);
    EXPECT_EQ(list.tensors[2].shape, (Shape{2, 3}));
    EXPECT_EQ(list.tensors[2].bytes.size(), 12u);
    EXPECT_EQ(list.metadata, (std::map<std::string, std::string>{{"k", "v"}}));
  }
}

TEST(SafetensorsReader, AnEmptyTableIsAFile) {
  EXPECT_TRUE(parse_safetensors(bytes_of(file_with("{}", 0))).tensors.empty());
  EXPECT_EQ(refusal(R"({"__metadata__":null})", 0), "accepted");
}

TEST(SafetensorsReader, EveryTruncationAndEveryExtraByteIsRefused) {
  const std::string file = file_with(kTwo, 16);
  for (size_t n = 0; n < file.size(); ++n)
    EXPECT_THROW(parse_safetensors(bytes_of(file).first(n)), Error) << n;
  EXPECT_NE(refusal(kTwo, 10).find("truncated: the header says 16 bytes of data, the file has 10"),
            std::string::npos);
  EXPECT_NE(refusal(kTwo, 17).find("1 bytes too many"), std::string::npos);
}

TEST(SafetensorsReader, RefusesHolesAndOverlaps) {
  const std::string a = R"("a":{"dtype":"I8","shape":[4],"data_offsets":[0,4]})";
  EXPECT_NE(refusal("{" + a + R"(,"b":{"dtype":"I8","shape":[4],"data_offsets":[5,9]}})", 9)
                .find("tensor b: begins at 5, want 4"),
            std::string::npos);
  EXPECT_NE(refusal("{" + a + R"(,"b":{"dtype":"I8","shape":[4],"data_offsets":[3,7]}})", 7), "accepted");
  EXPECT_NE(refusal("{" + a + R"(,"b":{"dtype":"I8","shape":[4],"data_offsets":[0,4]}})", 4), "accepted");
  EXPECT_NE(refusal(R"({"a":{"dtype":"I8","shape":[4],"data_offsets":[1,5]}})", 5), "accepted");
}

TEST(SafetensorsReader, RefusesHeadersThatLie) {
  for (const std::string entry :
       {R"({"dtype":"F32","shape":[4],"data_offsets":[16,0]})",
        R"({"dtype":"F32","shape":[4],"data_offsets":[0,17]})",
        R"({"dtype":"F32","shape":[5],"data_offsets":[0,16]})",
        R"({"dtype":"F32","shape":[4611686018427387908],"data_offsets":[0,16]})",
        R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,16]})",
        R"({"dtype":"F32","shape":[-4],"data_offsets":[0,16]})",
        R"({"dtype":"F32","shape":[4.0],"data_offsets":[0,16]})",
        R"({"dtype":"I8","shape":[16],"data_offsets":[0,1.6e1]})",
        R"({"dtype":"F32","shape":4,"data_offsets":[0,16]})",
        R"({"dtype":"F32","shape":["4"],"data_offsets":[0,16]})",
        R"({"dtype":"F32","shape":[4],"data_offsets":[0]})",
        R"({"dtype":"F32","shape":[4],"data_offsets":[0,8,16]})", R"({"dtype":"F32","shape":[4]})",
        R"({"dtype":"F32","data_offsets":[0,16]})", R"({"shape":[4],"data_offsets":[0,16]})",
        R"({"dtype":4,"shape":[4],"data_offsets":[0,16]})",
        R"({"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,16]})", "[]", "null"}) {
    EXPECT_EQ(refusal(R"({"a":)" + entry + "}", 16).find("tensor a: "), 0u) << entry;
  }
  EXPECT_NE(refusal(R"({"a":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}})", 1)
                .find("dtype 'F8_E4M3' is not supported"),
            std::string::npos);
}

TEST(SafetensorsReader, RefusesHeadersThatAreNoTable) {
  for (const std::string header : {"[]", "{", "", "null", "{}x", R"({"__metadata__":[]})",
                                   R"({"__metadata__":{"a":1}})", "{\"\xff\":{}}"}) {
    EXPECT_NE(refusal(header, 0), "accepted") << header;
  }
  EXPECT_NE(refusal(R"({"a":)" + std::string(100'000, '['), 0).find("not JSON"), std::string::npos);
}

TEST(SafetensorsReader, RefusesHugeHeaders) {
  for (const uint64_t n : {uint64_t{100'000'001}, ~uint64_t{0}}) {
    std::string file = file_with(kTwo, 16);
    std::memcpy(file.data(), &n, sizeof n);
    EXPECT_FALSE(looks_like_safetensors(bytes_of(file)));
    EXPECT_THROW(parse_safetensors(bytes_of(file)), Error);
  }
}

// A file whose only tensor, "a", is told to be packed.
std::string packed_header(const std::string& packed, const std::string& stored,
                          const std::string& format = "2") {
  std::string quoted;
  for (const char c : packed) quoted += c == '"' ? "\\\"" : std::string(1, c);
  return R"({"__metadata__":{"rwkv.format":")" + format + R"(","rwkv.packed":")" + quoted + R"("},"a":{)" +
         stored + "}}";
}

const std::string kQ8Tiles = R"({"a":{"dtype":"q8","layout":"tiles","shape":[2,3]}})";
const std::string kQ8Stored = R"("dtype":"U8","shape":[1,1,1088],"data_offsets":[0,1088])";

TEST(SafetensorsReader, ReadsPackedMatrices) {
  const std::string file = file_with(packed_header(kQ8Tiles, kQ8Stored), 1088);
  const TensorList list = parse_safetensors(bytes_of(file));
  ASSERT_EQ(list.tensors.size(), 1u);
  EXPECT_EQ(list.tensors[0].dtype, DType::kQ8);
  EXPECT_EQ(list.tensors[0].layout, Layout::kTiles);
  EXPECT_EQ(list.tensors[0].shape, (Shape{2, 3}));
  EXPECT_TRUE(list.metadata.empty());
}

TEST(SafetensorsReader, RefusesPackedMatricesThatLie) {
  EXPECT_NE(refusal(packed_header(kQ8Tiles, kQ8Stored, "1"), 1088).find("packed tensors of format 1, want 2"),
            std::string::npos);
  EXPECT_NE(refusal(packed_header(R"({"b":{}})", kQ8Stored), 1088).find("tensor b: is not there"),
            std::string::npos);
  EXPECT_NE(refusal(packed_header(R"({"a":{"dtype":"q8","layout":"tiles","shape":[17,3]}})", kQ8Stored), 1088)
                .find("tensor a: is stored as u8[1, 1, 1088], want u8[2, 1, 1088] for shape [17, 3]"),
            std::string::npos);
  for (const std::string entry :
       {R"({"dtype":"q8","layout":"tiles","shape":[0,3]})", R"({"dtype":"q8","layout":"tiles","shape":[2]})",
        R"({"dtype":"q8","layout":"tiles","shape":[2,3,1]})", R"({"dtype":"q8","layout":"tiles"})",
        R"({"dtype":"q8","layout":"tiles","shape":[18446744073709551615,18446744073709551615]})",
        R"({"dtype":"q8","layout":"rows","shape":[1,18446744073709551615]})",
        R"({"dtype":"q8","layout":"tiles","shape":[-2,3]})",
        R"({"dtype":"q4","layout":"tiles","shape":[2,3]})",
        R"({"dtype":"q8","layout":"lines","shape":[2,3]})",
        R"({"dtype":"f32","layout":"in_out","shape":[2,3]})",
        R"({"dtype":"q8","layout":"Tiles","shape":[2,3]})", R"({"dtype":"q8","layout":1,"shape":[2,3]})",
        R"({"layout":"tiles","shape":[2,3]})", R"({"dtype":"u8","layout":"tiles","shape":[2,3]})",
        R"({"dtype":"bool","layout":"rows","shape":[2,3]})",
        R"({"dtype":"bf16","layout":"tiles","shape":[2,3]})", "[]", "null"}) {
    EXPECT_EQ(
        refusal(packed_header(R"({"a":)" + entry + "}", kQ8Stored), 1088).find("rwkv.packed: tensor a: "), 0u)
        << entry;
  }
  for (const std::string packed : {"", "[]", "{", "null"})
    EXPECT_NE(refusal(packed_header(packed, kQ8Stored), 1088).find("rwkv.packed is not"), std::string::npos);
  EXPECT_NE(refusal(R"({"__metadata__":{"rwkv.packed":"{}"}})", 0).find("without rwkv.format"),
            std::string::npos);
}

void expect_mutations_harmless(const std::string& whole) {
  for (size_t i = 0; i < std::min<size_t>(whole.size(), 400); ++i) {
    for (const char value : {'\0', '1', '9', '"', ' ', '\xff'}) {
      std::string file = whole;
      file[i] = value;
      try {
        for (const TensorView& tensor : parse_safetensors(bytes_of(file)).tensors) {
          ASSERT_EQ(tensor.bytes.size(), byte_size(tensor));
        }
      } catch (const Error&) {
      }
    }
  }
}

TEST(SafetensorsReader, EveryMutatedByteIsHarmless) {
  for (const std::string& whole :
       {file_with(kTwo, 16), file_with(packed_header(kQ8Tiles, kQ8Stored), 1088)}) {
    expect_mutations_harmless(whole);
  }
}

}  // namespace
}  // namespace rwkv
