#include "checkpoint/convert.h"

#include <gtest/gtest.h>

#include <cmath>

#include "checkpoint/compare.h"
#include "core/error.h"
#include "formats/safetensors_writer.h"
#include "support/pth_builder.h"
#include "support/temp_dir.h"
#include "support/tensor_values.h"

namespace rwkv {
namespace {

// Thirds, so that narrower types must round.
void fill_thirds(uint64_t first, std::span<float> values) {
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(first + i) / 3;
}

class Convert : public testing::Test {
 protected:
  Convert() {
    write_pth(
        in_,
        std::vector<PthTensor>{
            {.name = "emb.weight", .shape = {64, 8}, .fill = fill_thirds},
            {.name = "turned", .shape = {3, 4}, .strides = {1, 3}, .fill = fill_thirds},
            {.name = "bias", .dtype = DType::kF64, .shape = {5}},
            {.name = "mask", .dtype = DType::kBool, .shape = {3}},
            {.name = "huge", .dtype = DType::kF32, .shape = {2}, .fill = [](uint64_t, std::span<float> v) {
               std::ranges::fill(v, 1e30F);
             }}});
  }

  ConvertSummary run(const ConvertOptions& options, const std::string& out = "out") {
    return convert(TensorFile::open(in_), folder_ / out, options, nullptr);
  }

  TempDir folder_;
  std::filesystem::path in_ = folder_ / "in";
};

TEST_F(Convert, KeepsEveryTensorAsItIs) {
  const ConvertSummary summary = run({});
  EXPECT_EQ(summary.n_tensors, 5u);
  EXPECT_EQ(summary.bytes, 64 * 8 * 4 + 12 * 4 + 5 * 8 + 3 + 2 * 4u);
  EXPECT_EQ(summary.n_overflowed, 0u);
  const TensorFile source = TensorFile::open(in_), result = TensorFile::open(folder_ / "out");
  for (const TensorError& error : compare(source, result, nullptr)) {
    EXPECT_EQ(error.max, 0) << error.name;
    EXPECT_TRUE(error.as_converted) << error.name;
  }
  EXPECT_EQ(floats_of(source.at("turned")), floats_of(result.at("turned")));
  EXPECT_EQ(result.metadata().at("format"), "pt");
}

TEST_F(Convert, CastsAllButIntegers) {
  const ConvertSummary summary = run({.dtype = DType::kBf16});
  EXPECT_EQ(summary.n_overflowed, 0u);
  const TensorFile source = TensorFile::open(in_), result = TensorFile::open(folder_ / "out");
  EXPECT_EQ(result.at("bias").dtype, DType::kBf16);
  EXPECT_EQ(result.at("mask").dtype, DType::kBool);
  EXPECT_EQ(floats_of(result.at("turned"))[1], 1.0F) << "element 3 of the storage";
  const auto errors = compare(source, result, nullptr);
  EXPECT_EQ(errors[0].name, "emb.weight");
  EXPECT_GT(errors[0].max, 0.1);
  EXPECT_LE(errors[0].max, 170.4 / 256) << "half a unit of the last of 8 bits";
  EXPECT_GT(errors[0].rms, 0);
  EXPECT_LT(errors[0].rms, errors[0].max);
  EXPECT_TRUE(errors[0].as_converted);
}

TEST_F(Convert, KeepRulesGoFirst) {
  run({.dtype = DType::kF16, .keep = {{std::regex("^emb"), DType::kF32}, {std::regex("."), DType::kBf16}}});
  const TensorFile result = TensorFile::open(folder_ / "out");
  EXPECT_EQ(result.at("emb.weight").dtype, DType::kF32);
  EXPECT_EQ(result.at("turned").dtype, DType::kBf16);
}

TEST_F(Convert, TellsOfOverflow) {
  const ConvertSummary summary = run({.dtype = DType::kF16});
  EXPECT_EQ(summary.n_overflowed, 2u);
  EXPECT_EQ(summary.overflowed_tensor, "huge");
  const auto errors = compare(TensorFile::open(in_), TensorFile::open(folder_ / "out"), nullptr);
  EXPECT_EQ(errors.back().max, INFINITY);
  EXPECT_TRUE(errors.back().as_converted);
}

TEST_F(Convert, SameInputSameBytesAndAgainWhenConvertedAgain) {
  run({.dtype = DType::kBf16, .metadata = {{"note", "x"}}}, "a");
  run({.dtype = DType::kBf16, .metadata = {{"note", "x"}}}, "b");
  EXPECT_EQ(read_file(folder_ / "a"), read_file(folder_ / "b"));
  convert(TensorFile::open(folder_ / "a"), folder_ / "c", {}, nullptr);
  EXPECT_EQ(read_file(folder_ / "a"), read_file(folder_ / "c"));
}

TEST_F(Convert, MayReplaceItsInput) {
  run({.dtype = DType::kF32}, "out");
  const TensorFile before = TensorFile::open(folder_ / "out");
  convert(before, folder_ / "out", {.dtype = DType::kBf16}, nullptr);
  EXPECT_EQ(TensorFile::open(folder_ / "out").at("emb.weight").dtype, DType::kBf16);
  EXPECT_EQ(before.at("emb.weight").dtype, DType::kF32);
  EXPECT_EQ(floats_of(before.at("emb.weight"))[3], 1.0F) << "the old file is still mapped";
}

TEST_F(Convert, StopsWhenProgressThrowsAndLeavesNothing) {
  const auto stop = [](uint64_t done, uint64_t total) {
    EXPECT_LE(done, total);
    throw Error(ErrorKind::kInterrupted, "stop");
  };
  EXPECT_THROW(convert(TensorFile::open(in_), folder_ / "out", {}, stop), Error);
  EXPECT_EQ(folder_.n_files(), 1u);
}

TEST_F(Convert, CompareSeesWhatDiffers) {
  run({});
  std::string file = read_file(folder_ / "out");
  file.back() ^= 1;  // of the booleans, whose size is odd
  write_file(folder_ / "bad", file);
  const TensorFile source = TensorFile::open(in_), bad = TensorFile::open(folder_ / "bad");
  for (const TensorError& error : compare(source, bad, nullptr)) {
    EXPECT_EQ(error.as_converted, error.name != "mask") << error.name;
  }
  write_safetensors(folder_ / "other", std::vector{TensorView{"emb.weight", DType::kF32, {0}, {}, {}}}, {});
  EXPECT_THROW(compare(source, TensorFile::open(folder_ / "other"), nullptr), Error);
  EXPECT_EQ(compare(TensorFile::open(folder_ / "other"), bad, nullptr).at(0).max, INFINITY);
}

// More elements than a block, packed and strided.
TEST_F(Convert, WorksBlockByBlock) {
  constexpr uint64_t kRows = 1500, kCols = 1001;
  write_pth(in_, std::vector<PthTensor>{
                     {.name = "packed", .shape = {kRows, kCols}, .storage = "s", .fill = fill_thirds},
                     {.name = "turned", .shape = {kCols, kRows}, .strides = {1, kCols}, .storage = "s"}});
  run({.dtype = DType::kF16});
  const TensorFile source = TensorFile::open(in_), result = TensorFile::open(folder_ / "out");
  const auto packed = floats_of(result.at("packed")), turned = floats_of(result.at("turned"));
  EXPECT_EQ(packed[1200 * kCols + 900], turned[900 * kRows + 1200]);
  for (const TensorError& error : compare(source, result, nullptr))
    EXPECT_TRUE(error.as_converted) << error.name;
}

}  // namespace
}  // namespace rwkv
