#include "formats/safetensors_writer.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "formats/tensor_file.h"
#include "support/matrices.h"
#include "support/temp_dir.h"
#include "support/tensor_values.h"

namespace rwkv {
namespace {

const std::vector<float> kValues = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

TensorView view(std::string name, DType dtype, Shape shape, std::vector<uint64_t> strides = {}) {
  const auto bytes = std::as_bytes(std::span(kValues));
  const uint64_t size = checked_byte_size(dtype, shape);
  return {std::move(name), dtype, std::move(shape), strides.empty() ? bytes.first(size) : bytes,
          std::move(strides)};
}

TEST(SafetensorsWriter, WhatIsWrittenIsRead) {
  const TempDir folder;
  const std::vector<TensorView> tensors = {view("one \"byte\"\n", DType::kU8, {1}),
                                           view("big", DType::kF32, {4, 4}),
                                           view("turned", DType::kF32, {2, 3}, {1, 4}),
                                           view("none", DType::kBf16, {0}),
                                           view("double", DType::kF64, {}),
                                           view("half", DType::kF16, {3})};
  write_safetensors(folder / "f", tensors, {{"key", "value \u00fc"}});
  const TensorFile file = TensorFile::open(folder / "f");
  EXPECT_EQ(file.format(), "safetensors");
  EXPECT_EQ(file.metadata().at("key"), "value \u00fc");
  ASSERT_EQ(file.tensors().size(), tensors.size());
  std::vector<std::byte> scratch;
  for (const TensorView& tensor : tensors) {
    const TensorView& read = file.at(tensor.name);
    EXPECT_EQ(read.dtype, tensor.dtype);
    EXPECT_EQ(read.shape, tensor.shape);
    EXPECT_TRUE(std::ranges::equal(read.bytes, packed_bytes(tensor, scratch))) << tensor.name;
  }
}

TEST(SafetensorsWriter, PackedMatricesAreReadAsTheyWere) {
  const TempDir folder;
  const OwnedMatrix source = random_matrix(DType::kF32, 37, 70);
  std::vector<OwnedMatrix> forms;
  for (const DType dtype : {DType::kF32, DType::kF16, DType::kBf16, DType::kQ8, DType::kQ6, DType::kQ4}) {
    for (const Layout layout : {Layout::kOutIn, Layout::kTiles, Layout::kLines, Layout::kTurnedTiles})
      forms.push_back(packed(source.view, dtype, layout));
  }
  std::vector<TensorView> tensors;
  for (OwnedMatrix& form : forms) {
    form.view.name = form_name(form.view.dtype, form.view.layout);
    tensors.push_back(form.view);
  }
  write_safetensors(folder / "f", tensors, {{"k", "v"}});
  const TensorFile file = TensorFile::open(folder / "f");
  EXPECT_EQ(file.metadata(), (std::map<std::string, std::string>{{"k", "v"}}));
  for (const TensorView& tensor : tensors) {
    const TensorView& read = file.at(tensor.name);
    EXPECT_EQ(form_name(read.dtype, read.layout), tensor.name);
    EXPECT_EQ(read.shape, tensor.shape);
    EXPECT_TRUE(std::ranges::equal(read.bytes, tensor.bytes)) << tensor.name;
    const auto offset = read.bytes.data() - file.files()[0].bytes().data();
    EXPECT_TRUE(!is_quantised(read.dtype) || offset % 64 == 0) << tensor.name;
  }
}

TEST(SafetensorsWriter, TheMetadataOfPackedMatricesIsItsOwn) {
  const TempDir folder;
  for (const char* key : {"rwkv.format", "rwkv.packed"})
    EXPECT_THROW(write_safetensors(folder / "f", std::vector{view("a", DType::kF32, {3})}, {{key, "1"}}),
                 Error);
}

TEST(SafetensorsWriter, TensorsAreAligned) {
  const TempDir folder;
  write_safetensors(
      folder / "f",
      std::vector{view("a", DType::kU8, {3}), view("b", DType::kF64, {1}), view("c", DType::kF32, {16}),
                  view("d", DType::kF16, {1}), view("e", DType::kBf16, {32})},
      {});
  const TensorFile file = TensorFile::open(folder / "f");
  const auto offset = [&](std::string_view name) {
    return file.at(name).bytes.data() - file.files()[0].bytes().data();
  };
  EXPECT_EQ(offset("c") % 64, 0);
  EXPECT_EQ(offset("e") - offset("c"), 64) << "equals keep their order";
  for (const TensorView& tensor : file.tensors()) {
    EXPECT_EQ(offset(tensor.name) % dtype_info(tensor.dtype).bytes, 0u) << tensor.name;
  }
}

TEST(SafetensorsWriter, SameTensorsSameBytes) {
  const TempDir folder;
  const std::vector tensors = {view("a", DType::kF32, {3}), view("b", DType::kF32, {2})};
  write_safetensors(folder / "f", tensors, {{"k", "v"}});
  write_safetensors(folder / "g", tensors, {{"k", "v"}});
  EXPECT_EQ(read_file(folder / "f"), read_file(folder / "g"));
}

TEST(SafetensorsWriter, RefusesNamesThatTheFormatCannotHold) {
  const TempDir folder;
  for (const std::vector<TensorView>& tensors :
       {std::vector{view("__metadata__", DType::kF32, {1})}, std::vector{view("\xff", DType::kF32, {1})},
        std::vector{view("a", DType::kF32, {1}), view("a", DType::kF32, {1})}}) {
    EXPECT_THROW(write_safetensors(folder / "f", tensors, {}), Error);
    EXPECT_EQ(folder.n_files(), 0u);
  }
}

TEST(SafetensorsWriter, NothingAppearsWithoutCommit) {
  const TempDir folder;
  {
    SafetensorsWriter writer(folder / "f", {{"a", DType::kF32, {2}}}, {});
    writer.write(std::as_bytes(std::span(kValues)).first(4));
  }
  EXPECT_EQ(folder.n_files(), 0u);
}

}  // namespace
}  // namespace rwkv
