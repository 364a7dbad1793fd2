#include "session/fingerprint.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "formats/safetensors_writer.h"
#include "support/golden_model.h"
#include "support/temp_dir.h"

namespace rwkv {
namespace {

class Fingerprint : public testing::Test {
 protected:
  TensorFile original_ = TensorFile::open(golden_model("v7"));
  std::vector<TensorView> tensors_{original_.tensors().begin(), original_.tensors().end()};
  TempDir folder_;

  std::string of_tensors() {
    write_safetensors(folder_ / "m", tensors_, {{"any", "thing"}});
    return fingerprint(TensorFile::open(folder_ / "m"));
  }
};

TEST_F(Fingerprint, IsTheSameForAConversionOfTheSameValues) {
  EXPECT_EQ(fingerprint(original_).size(), 16);
  EXPECT_EQ(of_tensors(), fingerprint(original_));
  std::ranges::reverse(tensors_);
  EXPECT_EQ(of_tensors(), fingerprint(original_));
}

TEST_F(Fingerprint, DimensionsOfOneDoNotMatter) {
  for (auto& tensor : tensors_) tensor.shape.insert(tensor.shape.begin(), 1);
  EXPECT_EQ(of_tensors(), fingerprint(original_));
}

TEST_F(Fingerprint, ChangesWithNamesDtypesShapesAndValues) {
  const auto expect_changed = [&](const std::function<void(TensorView&)>& change) {
    const TensorView kept = tensors_[3];
    change(tensors_[3]);
    EXPECT_NE(of_tensors(), fingerprint(original_));
    tensors_[3] = kept;
  };
  ASSERT_EQ(tensors_[3].dtype, DType::kBf16);
  expect_changed([](TensorView& t) { t.name += "x"; });
  expect_changed([](TensorView& t) { t.dtype = DType::kF16; });
  expect_changed([](TensorView& t) { t.shape = {t.shape.back() / 2, 2}; });
  std::vector<std::byte> bytes(tensors_[3].bytes.begin(), tensors_[3].bytes.end());
  bytes.back() ^= std::byte{1};
  expect_changed([&](TensorView& t) { t.bytes = bytes; });
}

TEST_F(Fingerprint, TakesATensorOfNoElements) {
  tensors_.push_back({"empty", DType::kF32, {0, 4}, {}, {}});
  EXPECT_NE(of_tensors(), fingerprint(original_));
}

}  // namespace
}  // namespace rwkv
