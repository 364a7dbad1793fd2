#include "model/tuned_state.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "core/error.h"
#include "formats/safetensors_writer.h"
#include "model/model.h"
#include "session/state_file.h"
#include "support/error_of.h"
#include "support/golden_model.h"
#include "support/temp_dir.h"

namespace rwkv {
namespace {

constexpr size_t kHeads = 2, kSize = 32;

std::vector<TensorView> tensors_of(const std::vector<float>& values, size_t n_layers) {
  std::vector<TensorView> tensors;
  for (size_t i = 0; i < n_layers; ++i) {
    tensors.push_back({"blocks." + std::to_string(i) + ".att.time_state",
                       DType::kF32,
                       {kHeads, kSize, kSize},
                       std::as_bytes(std::span(values)),
                       {}});
  }
  return tensors;
}

class TunedState : public testing::TestWithParam<const char*> {
 protected:
  Model model_ = Model::load(golden_model(GetParam()));
  TempDir folder_;
  std::vector<float> values_;  // 0, 1, 2 ...

  void SetUp() override {
    for (size_t i = 0; i < kHeads * kSize * kSize; ++i) values_.push_back(static_cast<float>(i));
  }
  std::string message_of(const std::vector<TensorView>& tensors) {
    write_safetensors(folder_ / "t", tensors, {});
    return error_of([&] { load_state(folder_ / "t", model_); });
  }
};

TEST_P(TunedState, IsTransposedIntoEveryLayersS) {
  write_safetensors(folder_ / "t", tensors_of(values_, model_.info().n_layers), {});
  const Sequence sequence = load_state(folder_ / "t", model_);
  const auto& parts = sequence.state.parts();
  const auto s = static_cast<size_t>(std::ranges::find(parts, "S", &StatePart::name) - parts.begin());
  EXPECT_EQ(sequence.n_tokens, 0);
  for (size_t layer = 0; layer < model_.info().n_layers; ++layer) {
    const auto got = sequence.state.part(layer, s);
    EXPECT_EQ(got[1], 32);                            // head 0, key 0, value 1
    EXPECT_EQ(got[kSize], 1);                         // head 0, key 1, value 0
    EXPECT_EQ(got[kSize * kSize + kSize + 2], 1089);  // head 1, key 1, value 2: 1024 + 2 * 32 + 1
  }
}

TEST_P(TunedState, IsCheckedBeforeItIsTaken) {
  const size_t n = model_.info().n_layers;
  EXPECT_NE(message_of(tensors_of(values_, n - 1)).find("time_state"), std::string::npos);
  EXPECT_NE(message_of(tensors_of(values_, n + 1)).find("more than the model's 3 layers"), std::string::npos);
  auto tensors = tensors_of(values_, n);
  tensors[1].shape = {kHeads, kSize * kSize};
  EXPECT_NE(message_of(tensors).find("shape [2, 1024], want [2, 32, 32]"), std::string::npos);
  tensors = tensors_of(values_, n);
  tensors[1].dtype = DType::kI32;
  EXPECT_NE(message_of(tensors).find("not of floats"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Versions, TunedState, testing::Values("v5.1", "v6", "v7"));

TEST(TunedStateOfRwkv4, DoesNotExist) {
  const TempDir folder;
  write_safetensors(folder / "t", tensors_of(std::vector<float>(kHeads * kSize * kSize), 3), {});
  EXPECT_THROW(load_state(folder / "t", Model::load(golden_model("v4"))), Error);
}

}  // namespace
}  // namespace rwkv
