#include <gtest/gtest.h>

#include <sstream>

#include "core/error.h"
#include "formats/pth_reader.h"
#include "formats/pth_test_tensors.h"
#include "support/error_of.h"
#include "support/pickle_writer.h"
#include "support/tensor_values.h"
#include "support/zip_writer.h"

namespace rwkv {
namespace {

std::string refusal(const std::string& file) {
  return error_of([&] { parse_pth_zip(bytes_of(file)); });
}

std::string refusal_of(const PthTensor& tensor) { return refusal(pth_zip(std::vector{tensor})); }

// An archive with these entries under archive/.
std::string zip_of(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::ostringstream out;
  ZipWriter zip(out);
  for (const auto& [name, content] : entries) zip.add("archive/" + name, content);
  zip.finish();
  return out.str();
}

std::vector<float> plain(size_t n) {
  std::vector<float> values(n);
  fill_plain(0, values);
  return values;
}

TEST(PthZip, ReadsEveryForm) {
  const auto tensors = small_tensors();
  for (const PthOptions& options :
       {PthOptions{}, PthOptions{.protocol = 4}, PthOptions{.ordered = true}, PthOptions{.parameters = true},
        PthOptions{.wrapper = "state_dict"}, PthOptions{.wrapper = "model"}, PthOptions{.zip64 = true}}) {
    const std::string file = pth_zip(tensors, options);
    ASSERT_TRUE(looks_like_pth_zip(bytes_of(file)));
    const auto read = parse_pth_zip(bytes_of(file)).tensors;
    ASSERT_EQ(read.size(), tensors.size());
    for (size_t i = 0; i < read.size(); ++i) {
      EXPECT_EQ(read[i].name, tensors[i].name);
      EXPECT_EQ(read[i].dtype, tensors[i].dtype);
      EXPECT_EQ(read[i].shape, tensors[i].shape);
      EXPECT_TRUE(read[i].packed());
      EXPECT_EQ(floats_of(read[i]), plain(element_count(tensors[i].shape)));
    }
  }
}

TEST(PthZip, ReadsEveryElementType) {
  for (const DTypeInfo& info : kDTypes) {
    if (info.torch.empty()) continue;
    const std::string file =
        pth_zip(std::vector<PthTensor>{{.name = "t", .dtype = info.dtype, .shape = {9}}});
    const auto read = parse_pth_zip(bytes_of(file)).tensors;
    EXPECT_EQ(read.at(0).dtype, info.dtype);
    EXPECT_EQ(read.at(0).bytes.size(), 9 * info.bytes);
  }
}

TEST(PthZip, ViewsShareAStorageAndKeepTheirStrides) {
  const std::string file = pth_zip(std::vector<PthTensor>{
      {.name = "whole", .shape = {4, 3}, .storage = "s"},
      {.name = "row", .shape = {3}, .offset = 6, .storage = "s"},
      {.name = "transposed", .shape = {3, 4}, .strides = {1, 3}, .storage = "s"},
      {.name = "column", .shape = {4, 1}, .strides = {3, 7}, .offset = 2, .storage = "s"}});
  const auto read = parse_pth_zip(bytes_of(file)).tensors;
  const auto all = plain(12);
  EXPECT_EQ(floats_of(read[0]), all);
  EXPECT_EQ(floats_of(read[1]), (std::vector{all[6], all[7], all[8]}));
  EXPECT_FALSE(read[2].packed());
  EXPECT_EQ(floats_of(read[2]), (std::vector{all[0], all[3], all[6], all[9], all[1], all[4], all[7], all[10],
                                             all[2], all[5], all[8], all[11]}));
  EXPECT_EQ(floats_of(read[3]), (std::vector{all[2], all[5], all[8], all[11]}));
  EXPECT_EQ(read[0].bytes.data(), read[2].bytes.data());
}

TEST(PthZip, StridesOfSingleRowsDoNotMatter) {
  const std::string file =
      pth_zip(std::vector<PthTensor>{{.name = "t", .shape = {1, 4}, .strides = {99, 1}}});
  EXPECT_TRUE(parse_pth_zip(bytes_of(file)).tensors.at(0).packed());
}

TEST(PthZip, PassesOverWhatIsNoTensor) {
  // 1: None, 2: a float, "x": a list
  const std::string file =
      pth_zip(small_tensors(), {.extra = std::string("K\1NK\2G12345678X\1\0\0\0x](K\1e", 25)});
  EXPECT_EQ(parse_pth_zip(bytes_of(file)).tensors.size(), 4u);
}

TEST(PthZip, TurnsTheBytesOfBigEndianMachines) {
  const auto values = [](const PthTensor& tensor, const std::string& content) {
    const std::string pickle = pth_pickle(std::vector<PthTensor>{tensor});
    const std::string file = zip_of({{"data.pkl", pickle}, {"data/0", content}, {"byteorder", "big"}});
    return floats_of(parse_pth_zip(bytes_of(file)).tensors.at(0));
  };
  using Floats = std::vector<float>;
  const std::string one_to_three("\x3f\x80\0\0\x40\0\0\0\x40\x40\0\0", 12);
  EXPECT_EQ(values({.name = "t", .shape = {3}}, one_to_three), (Floats{1, 2, 3}));
  EXPECT_EQ(values({.name = "t", .shape = {2}, .offset = 1, .storage_elements = 3}, one_to_three),
            (Floats{2, 3}));
  EXPECT_EQ(values({.name = "t", .shape = {2}, .strides = {2}, .storage_elements = 3}, one_to_three),
            (Floats{1, 3}));
}

TEST(PthZip, RefusesTensorsOutsideTheirStorage) {
  EXPECT_NE(refusal_of({.name = "t", .shape = {4}, .storage_elements = 3})
                .find("tensor t: reaches element 4 of a storage of 3"),
            std::string::npos);
  EXPECT_NE(refusal_of({.name = "t", .shape = {2, 2}, .strides = {100, 1}, .storage_elements = 4}),
            "accepted");
  EXPECT_NE(refusal_of({.name = "t", .shape = {4}, .offset = 1, .storage_elements = 4}), "accepted");
  EXPECT_NE(refusal_of({.name = "t", .shape = {2}, .strides = {~uint64_t{0}}, .storage_elements = 4})
                .find("negative"),
            std::string::npos);
  EXPECT_NE(
      refusal_of({.name = "t", .shape = {2}, .offset = ~uint64_t{0}, .storage_elements = 4}).find("negative"),
      std::string::npos);
  constexpr uint64_t kHuge = uint64_t{1} << 62;
  EXPECT_NE(refusal_of({.name = "t", .shape = {kHuge, kHuge}, .strides = {1, 1}, .storage_elements = 4}),
            "accepted");
  EXPECT_NE(refusal_of({.name = "t", .shape = {3, 3}, .strides = {kHuge, kHuge}, .storage_elements = 4}),
            "accepted");
}

TEST(PthZip, RefusesTensorsLargerThanWhatIsStored) {
  EXPECT_NE(refusal_of({.name = "t", .shape = {1000, 2}, .strides = {0, 1}}).find("expands 2 stored"),
            std::string::npos);
  EXPECT_NE(refusal_of({.name = "t", .shape = {uint64_t{1} << 40}, .strides = {0}}), "accepted");
  EXPECT_NE(refusal_of({.name = "t", .shape = {3, 3}, .strides = {1, 1}}), "accepted");
  EXPECT_NE(refusal_of({.name = "t", .shape = Shape(65, 1)}).find("65 dimensions"), std::string::npos);
}

TEST(PthZip, RefusesStoragesThatAreNotThere) {
  const std::string pickle = pth_pickle(std::vector<PthTensor>{{.name = "t", .shape = {4}}});
  EXPECT_NE(refusal(zip_of({{"data.pkl", pickle}})).find("no entry data/0"), std::string::npos);
  EXPECT_NE(
      refusal(zip_of({{"data.pkl", pickle}, {"data/0", "15 bytes of 16."}})).find("has 15 bytes, want 16"),
      std::string::npos);
  EXPECT_EQ(refusal(zip_of({{"data/0", "17 bytes, want 16"}, {"data.pkl", pickle}})), "accepted");
}

TEST(PthZip, RefusesOtherArchives) {
  const std::string pickle = pth_pickle(std::vector<PthTensor>{{.name = "t", .shape = {}}});
  EXPECT_NE(refusal(zip_of({{"a.txt", "x"}})).find("no data.pkl"), std::string::npos);
  EXPECT_NE(refusal(zip_of({{"deeper/data.pkl", pickle}})).find("no data.pkl"), std::string::npos);
  EXPECT_NE(
      refusal(zip_of({{"data.pkl", pickle}, {"data/0", "1234"}, {"code/m.py", "x"}})).find("TorchScript"),
      std::string::npos);
  EXPECT_EQ(refusal(zip_of({{"data.pkl", pickle}, {"data/0", "1234"}, {"byteorder", "little"}})), "accepted");
}

TEST(PthZip, RefusesOtherPickles) {
  const auto refused = [](const std::string& pickle) { return refusal(zip_of({{"data.pkl", pickle}})); };
  EXPECT_NE(refused(PickleWriter().raw("]").finish()).find("no tensors"), std::string::npos);
  EXPECT_NE(refused(PickleWriter().raw("}").finish()).find("no tensors"), std::string::npos);
  EXPECT_NE(refused(PickleWriter().global("os", "system").raw("(").text("touch hacked").raw("tR").finish())
                .find("data.pkl: pickle opcode GLOBAL at byte 2: global os.system"),
            std::string::npos);
  EXPECT_NE(
      refused(PickleWriter().raw("}").text("_strategy").text("cpu fp32").raw("s").finish()).find("original"),
      std::string::npos);
  EXPECT_NE(refused(PickleWriter()
                        .raw("}")
                        .text("t")
                        .global("torch._utils", "_rebuild_tensor_v2")
                        .raw("NNNN\x87\x86Rs")
                        .finish()),
            "accepted");
  for (const char* arguments : {"(NNNNt", "(K\1K\2))t", ")", "(K\1QK\2))t", "()QK\2))t"}) {
    EXPECT_NE(refused(PickleWriter()
                          .raw("}")
                          .text("t")
                          .global("torch._utils", "_rebuild_tensor_v2")
                          .raw(arguments)
                          .raw("Rs")
                          .finish()),
              "accepted")
        << arguments;
  }
}

TEST(PthZip, EveryTruncationIsRefused) {
  const std::string file = pth_zip(small_tensors());
  for (size_t n = 0; n < file.size(); ++n) {
    EXPECT_THROW(parse_pth_zip(bytes_of(file).first(n)), Error) << n;
  }
}

// Any single byte may be wrong: tensors then lie inside the file, or there is an Error.
TEST(PthZip, EveryMutatedByteIsHarmless) {
  const std::string whole = pth_zip(small_tensors());
  for (size_t i = 0; i < whole.size(); ++i) {
    for (const char value : {'\0', '\1', '\x7f', '\xff'}) {
      std::string file = whole;
      file[i] = value;
      const auto bytes = bytes_of(file);
      try {
        for (const TensorView& tensor : parse_pth_zip(bytes).tensors) {
          ASSERT_TRUE(tensor.bytes.empty() ||
                      (tensor.bytes.data() >= bytes.data() &&
                       tensor.bytes.data() + tensor.bytes.size() <= bytes.data() + bytes.size()));
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
