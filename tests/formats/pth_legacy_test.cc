#include <gtest/gtest.h>

#include <cstring>

#include "core/error.h"
#include "formats/pth_reader.h"
#include "formats/pth_test_tensors.h"
#include "support/error_of.h"
#include "support/tensor_values.h"

namespace rwkv {
namespace {

std::string refusal(const std::string& file) {
  return error_of([&] { parse_pth_legacy(bytes_of(file)); });
}

TEST(PthLegacy, ReadsWhatTheZipFormReads) {
  auto tensors = small_tensors();
  tensors.push_back({.name = "transposed", .shape = {4, 3}, .strides = {1, 4}, .storage = "s"});
  tensors.push_back({.name = "shared", .shape = {2}, .offset = 4, .storage = "s"});
  const std::string legacy = pth_legacy(tensors), zip = pth_zip(tensors);
  ASSERT_TRUE(looks_like_pth_legacy(bytes_of(legacy)));
  const auto a = parse_pth_legacy(bytes_of(legacy)).tensors, b = parse_pth_zip(bytes_of(zip)).tensors;
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].name, b[i].name);
    EXPECT_EQ(a[i].dtype, b[i].dtype);
    EXPECT_EQ(a[i].shape, b[i].shape);
    EXPECT_EQ(a[i].strides, b[i].strides);
    EXPECT_EQ(floats_of(a[i]), floats_of(b[i]));
  }
}

TEST(PthLegacy, EveryTruncationIsRefused) {
  const std::string file = pth_legacy(small_tensors());
  for (size_t n = 0; n < file.size(); ++n) {
    EXPECT_THROW(parse_pth_legacy(bytes_of(file).first(n)), Error) << n;
  }
}

TEST(PthLegacy, RefusesSizesThatDisagree) {
  std::string file = pth_legacy(std::vector<PthTensor>{{.name = "t", .shape = {4}}});
  const uint64_t n_elements = 1 << 20;
  std::memcpy(file.data() + file.size() - 4 * sizeof(float) - sizeof n_elements, &n_elements,
              sizeof n_elements);
  EXPECT_NE(refusal(file).find("storage 0: 1048576 elements, want 4"), std::string::npos);
}

TEST(PthLegacy, RefusesBigEndian) {
  std::string file = pth_legacy(small_tensors());
  const auto at = file.find("little_endian");
  file[file.find('\x88', at)] = '\x89';
  EXPECT_NE(refusal(file).find("big-endian"), std::string::npos);
}

TEST(PthLegacy, RefusesAnotherProtocol) {
  std::string file = pth_legacy(small_tensors());
  file[file.find("M\xe9\x03") + 1] = '\xea';
  EXPECT_NE(refusal(file).find("want 1001"), std::string::npos);
}

TEST(PthLegacy, EveryMutatedByteIsHarmless) {
  const std::string whole = pth_legacy(small_tensors());
  for (size_t i = 0; i < whole.size(); ++i) {
    for (const char value : {'\0', '\1', '\x7f', '\xff'}) {
      std::string file = whole;
      file[i] = value;
      try {
        for (const TensorView& tensor : parse_pth_legacy(bytes_of(file)).tensors) {
          std::vector<std::byte> scratch;
          ASSERT_EQ(packed_bytes(tensor, scratch).size(), checked_byte_size(tensor.dtype, tensor.shape));
        }
      } catch (const Error&) {
      }
    }
  }
}

}  // namespace
}  // namespace rwkv
