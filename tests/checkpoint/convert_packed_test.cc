// Conversion to and from packed and quantised matrices.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "checkpoint/compare.h"
#include "checkpoint/convert.h"
#include "core/error.h"
#include "support/pth_builder.h"
#include "support/temp_dir.h"

namespace rwkv {
namespace {

// A model's tensors, ragged.
class ConvertPacked : public testing::Test {
 protected:
  ConvertPacked() {
    for (const auto& [name, shape] :
         std::initializer_list<std::pair<const char*, Shape>>{{"emb.weight", {50, 40}},
                                                              {"blocks.0.ln1.weight", {40}},
                                                              {"blocks.0.att.key.weight", {40, 40}},
                                                              {"blocks.0.att.w1", {40, 8}},
                                                              {"blocks.0.ffn.value.weight", {40, 150}},
                                                              {"head.weight", {50, 40}}}) {
      tensors_.push_back({.name = name, .shape = shape, .fill = fill_waves});
    }
    write_pth(folder_ / "in", tensors_);
  }

  static void fill_waves(uint64_t first, std::span<float> values) {
    for (size_t i = 0; i < values.size(); ++i)
      values[i] = std::bit_cast<float>(
          std::bit_cast<uint32_t>(std::sin(static_cast<float>(first + i) * 0.7F)) & 0xffff0000u);
  }

  TensorFile run(const ConvertOptions& options, const std::string& out, const std::string& in = "in") {
    convert(TensorFile::open(folder_ / in), folder_ / out, options, nullptr);
    return TensorFile::open(folder_ / out);
  }

  void expect_as_converted(const std::string& in, const std::string& out, double bound) {
    for (const TensorError& error :
         compare(TensorFile::open(folder_ / in), TensorFile::open(folder_ / out), nullptr, 2)) {
      EXPECT_TRUE(error.as_converted) << error.name;
      EXPECT_LE(error.max, bound) << error.name;
      EXPECT_LE(error.rms, error.max) << error.name;
    }
  }

  TempDir folder_;
  std::vector<PthTensor> tensors_;
};

std::string forms_of(const TensorFile& file) {
  std::string text;
  for (const char* name : {"emb.weight", "blocks.0.ln1.weight", "blocks.0.att.key.weight", "blocks.0.att.w1",
                           "blocks.0.ffn.value.weight", "head.weight"}) {
    const TensorView& tensor = file.at(name);
    text += (text.empty() ? "" : ", ") + form_name(tensor.dtype, tensor.layout);
  }
  return text;
}

TEST_F(ConvertPacked, PacksWhatIsLarge) {
  EXPECT_EQ(forms_of(run({.dtype = DType::kQ4}, "q4")),
            "q8 rows, f32, q4 tiles, q8 turned_tiles, q4 lines, q4 tiles");
  EXPECT_EQ(forms_of(run({.dtype = DType::kQ8}, "q8")),
            "q8 rows, f32, q8 tiles, q8 turned_tiles, q8 lines, q8 tiles");
  EXPECT_EQ(forms_of(run({.layout = Layout::kTiles}, "t")),
            "f32, f32, f32 tiles, f32 turned_tiles, f32 lines, f32 tiles");
  EXPECT_EQ(forms_of(run({.dtype = DType::kBf16, .layout = Layout::kTiles}, "b")),
            "bf16, bf16, bf16 tiles, bf16 turned_tiles, bf16 lines, bf16 tiles");
  EXPECT_EQ(forms_of(run({.dtype = DType::kQ4,
                          .keep = {{std::regex("head"), DType::kBf16}, {std::regex("ffn|ln1"), DType::kQ8}}},
                         "k")),
            "q8 rows, f32, q4 tiles, q8 turned_tiles, q8 lines, bf16 tiles");
  EXPECT_EQ(forms_of(run({.keep = {{std::regex("key"), DType::kQ4}}}, "one")),
            "f32, f32, q4 tiles, f32, f32, f32");
  expect_as_converted("in", "q4", 0.14);
  expect_as_converted("in", "q8", 0.004);
  expect_as_converted("in", "t", 0);
  expect_as_converted("in", "k", 0.14);
}

TEST_F(ConvertPacked, WideMatricesComeBackBitForBit) {
  run({}, "plain");
  run({.layout = Layout::kTiles}, "tiles");
  run({}, "back", "tiles");
  EXPECT_EQ(read_file(folder_ / "back"), read_file(folder_ / "plain"));
  run({.dtype = DType::kBf16}, "bf16");
  run({.dtype = DType::kBf16}, "bf16-back", "tiles");
  EXPECT_EQ(read_file(folder_ / "bf16-back"), read_file(folder_ / "bf16"));
  expect_as_converted("tiles", "bf16-back", 0);
}

TEST_F(ConvertPacked, QuantisedFilesAreSourcesToo) {
  run({.dtype = DType::kQ8}, "q8");
  EXPECT_EQ(forms_of(run({}, "again", "q8")), forms_of(TensorFile::open(folder_ / "q8")));
  EXPECT_EQ(read_file(folder_ / "again"), read_file(folder_ / "q8"));
  EXPECT_EQ(forms_of(run({.dtype = DType::kF32}, "wide", "q8")), "f32, f32, f32, f32, f32, f32");
  expect_as_converted("q8", "wide", 0);
  expect_as_converted("q8", "again", 0);
  EXPECT_EQ(forms_of(run({.dtype = DType::kQ4}, "q4", "q8")),
            "q8 rows, f32, q4 tiles, q8 turned_tiles, q4 lines, q4 tiles");
  expect_as_converted("q8", "q4", 0.14);
  EXPECT_THROW(run({.layout = Layout::kOutIn}, "rows", "q8"), Error);
}

TEST_F(ConvertPacked, TheSameBytesWhateverTheThreads) {
  run({.dtype = DType::kQ4, .n_threads = 1}, "one");
  run({.dtype = DType::kQ4, .n_threads = 3}, "three");
  EXPECT_EQ(read_file(folder_ / "one"), read_file(folder_ / "three"));
}

TEST_F(ConvertPacked, StridedSources) {
  tensors_[2].strides = {1, 40};
  write_pth(folder_ / "turned", tensors_);
  run({.dtype = DType::kQ8}, "q8", "turned");
  expect_as_converted("turned", "q8", 0.004);
}

TEST_F(ConvertPacked, CompareSeesAFlippedBit) {
  run({.dtype = DType::kQ8}, "q8");
  const auto offset = [&] {
    const TensorFile file = TensorFile::open(folder_ / "q8");
    return file.at("head.weight").bytes.data() - file.files()[0].bytes().data();
  }();
  std::string bytes = read_file(folder_ / "q8");
  bytes[static_cast<size_t>(offset) + 70] ^= 64;
  write_file(folder_ / "bad", bytes);
  for (const TensorError& error :
       compare(TensorFile::open(folder_ / "in"), TensorFile::open(folder_ / "bad"), nullptr)) {
    EXPECT_EQ(error.as_converted, error.name != "head.weight") << error.name;
    EXPECT_EQ(error.max > 0.3, error.name == "head.weight") << error.name;
  }
}

TEST_F(ConvertPacked, WhatCannotBeQuantisedIsNamedAndLeavesNothing) {
  tensors_[5].fill = [](uint64_t, std::span<float> values) { std::ranges::fill(values, NAN); };
  write_pth(folder_ / "nan", tensors_);
  try {
    run({.dtype = DType::kQ4}, "out", "nan");
    ADD_FAILURE() << "accepted";
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("tensor head.weight: a weight is not finite"), std::string::npos);
  }
  EXPECT_EQ(folder_.n_files(), 2u);
}

}  // namespace
}  // namespace rwkv
