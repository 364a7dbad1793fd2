#include "checkpoint/merge.h"

#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "formats/safetensors_writer.h"
#include "support/error_of.h"
#include "support/golden_model.h"
#include "support/matrices.h"
#include "support/pth_builder.h"
#include "support/temp_dir.h"
#include "support/tensor_values.h"

namespace rwkv {
namespace {

constexpr const char* kKey = "blocks.0.ffn.key.weight";
constexpr uint64_t kOut = 12, kIn = 8;

// One tensor, element i of which is that of pth_builder's fill_plain, at `shift`.
PthTensor tensor(std::string name, Shape shape, uint64_t shift = 0, DType dtype = DType::kF32) {
  const auto fill = [shift](uint64_t first, std::span<float> values) { fill_plain(first + shift, values); };
  return {.name = std::move(name), .dtype = dtype, .shape = std::move(shape), .fill = fill};
}

class MergeTest : public testing::Test {
 protected:
  MergeTest() {
    write_pth(folder_ / "base",
              std::vector{tensor(kKey, {kOut, kIn}, 3), tensor("blocks.0.ln1.weight", {kIn}),
                          tensor("blocks.0.ffn.x_k", {1, 1, kIn}, 5, DType::kBf16)});
  }

  void adapter(const std::vector<PthTensor>& tensors, const char* name = "adapter") {
    write_pth(folder_ / name, tensors);
  }

  TensorView merged(const MergeOptions& options = {}, const char* name = kKey) {
    MergeOptions with_file = options;
    if (with_file.files.empty()) with_file.files = {folder_ / "adapter"};
    merges_.push_back(std::make_unique<Merge>(base(), with_file));
    const auto tensors = merges_.back()->tensors();
    return std::ranges::find(tensors, name, [](const auto& t) { return t.view.name; })->view;
  }
  std::string refusal(const MergeOptions& options = {}) {
    return error_of([&] { merged(options); });
  }

  const TensorFile& base() {
    if (!base_) base_.emplace(TensorFile::open(folder_ / "base"));
    return *base_;
  }
  std::vector<float> old(const char* name = kKey) { return floats_of(base().at(name)); }
  std::vector<float> part(const char* name, const char* file = "adapter") {
    return floats_of(TensorFile::open(folder_ / file).at(name));
  }

  TempDir folder_;
  std::optional<TensorFile> base_;
  std::vector<std::unique_ptr<Merge>> merges_;
};

template <class Value>
void expect_values(const std::vector<float>& values, Value&& want) {
  for (uint64_t o = 0; o < kOut; ++o) {
    for (uint64_t i = 0; i < kIn; ++i) EXPECT_FLOAT_EQ(values[o * kIn + i], want(o, i)) << o << ", " << i;
  }
}

TEST_F(MergeTest, LoraIsScaledByAlphaAndRank) {
  adapter({tensor("blocks.0.ffn.key.lora_A", {2, kIn}, 7), tensor("blocks.0.ffn.key.lora_B", {kOut, 2}, 9)});
  const auto w = old(), a = part("blocks.0.ffn.key.lora_A"), b = part("blocks.0.ffn.key.lora_B");
  const TensorView view = merged({.alphas = {6}});
  expect_values(floats_of(view), [&](uint64_t o, uint64_t i) {
    return w[o * kIn + i] + 3 * (b[o * 2] * a[i] + b[o * 2 + 1] * a[kIn + i]);
  });
  EXPECT_EQ(view.origin.transforms, std::vector<std::string>{"LoRA, rank 2, alpha 6: adapter"});
  EXPECT_EQ(merges_[0]->files()[0].kinds, "LoRA");
}

TEST_F(MergeTest, AnyRunOfElementsCanBeRead) {
  adapter({tensor("blocks.0.ffn.key.bone", {3, kOut}, 7)});
  const TensorView view = merged();
  const auto all = floats_of(view);
  for (uint64_t first = 0; first < all.size(); ++first) {
    for (uint64_t n = 1; n <= all.size() - first; n += 5) {
      std::vector<float> some(n);
      view.source->read(first, std::as_writable_bytes(std::span(some)));
      EXPECT_TRUE(std::ranges::equal(some, std::span(all).subspan(first, n))) << first << ", " << n;
    }
  }
}

TEST_F(MergeTest, AMissingAlphaIsAskedFor) {
  adapter({tensor("blocks.0.ffn.key.lora_A", {2, kIn}), tensor("blocks.0.ffn.key.lora_B", {kOut, 2})});
  EXPECT_NE(refusal().find("say --alpha A"), std::string::npos) << refusal();
  EXPECT_EQ(refusal({.alphas = {1, 2}}), "--alpha: 2 given, the merged files take 1");
}

TEST_F(MergeTest, PissaTakesItsFirstValuesAway) {
  adapter({tensor("blocks.0.ffn.key.lora_A", {1, kIn}, 7), tensor("blocks.0.ffn.key.lora_B", {kOut, 1}, 9)});
  const std::vector initial = {tensor("model.blocks.0.ffn.key.init_lora_A", {1, kIn}, 11),
                               tensor("model.blocks.0.ffn.key.init_lora_B", {kOut, 1}, 13)};
  adapter(initial, "first");
  const auto w = old(), a = part("blocks.0.ffn.key.lora_A"), b = part("blocks.0.ffn.key.lora_B"),
             a0 = part("blocks.0.ffn.key.init_lora_A", "first"),
             b0 = part("blocks.0.ffn.key.init_lora_B", "first");
  const auto want = [&](uint64_t o, uint64_t i) { return w[o * kIn + i] + b[o] * a[i] - b0[o] * a0[i]; };
  expect_values(floats_of(merged({.initials = {folder_ / "first"}})), want);
  adapter(initial, "init_pissa.pth");
  expect_values(floats_of(merged()), want);
  EXPECT_EQ(refusal({.alphas = {1}}), "--alpha: 1 given, the merged files take 0");
}

TEST_F(MergeTest, BoneRepeatsItsRows) {
  adapter({tensor("blocks.0.ffn.key.disha", {3, kOut}, 7)});
  const auto w = old(), m = part("blocks.0.ffn.key.disha");
  expect_values(floats_of(merged()),
                [&](uint64_t o, uint64_t i) { return w[o * kIn + i] + m[i % 3 * kOut + o]; });
}

TEST_F(MergeTest, BatCountsBlocksByInputsInRwkvPeftAndByOutputsInPeft) {
  adapter({tensor("blocks.0.ffn.key.disha", {kIn / 4, 4, 4}, 7)});
  adapter({tensor("blocks.0.ffn.key.miss_block", {kOut / 4, 4, 4}, 7)}, "by_outputs");
  const auto w = old(), m = part("blocks.0.ffn.key.miss_block", "by_outputs");
  const auto want = [&](uint64_t o, uint64_t i, uint64_t block) {
    float sum = w[o * kIn + i] + m[block * 16 + o % 4 * 4 + i % 4];
    for (uint64_t k = 0; k < 4; ++k) sum += w[o * kIn + i / 4 * 4 + k] * m[block * 16 + k * 4 + i % 4];
    return sum;
  };
  expect_values(floats_of(merged()), [&](uint64_t o, uint64_t i) { return want(o, i, i / 4); });
  expect_values(floats_of(merged({.files = {folder_ / "by_outputs"}})),
                [&](uint64_t o, uint64_t i) { return want(o, i, o / 4); });
}

TEST_F(MergeTest, FilesAreMergedInOrder) {
  adapter({tensor("blocks.0.ffn.key.bone", {3, kOut}, 7)});
  adapter({tensor(kKey, {kOut, kIn}, 21)}, "other");
  const auto m = part("blocks.0.ffn.key.bone"), w = part(kKey, "other");
  expect_values(floats_of(merged({.files = {folder_ / "adapter", folder_ / "other"}})),
                [&](uint64_t o, uint64_t i) { return w[o * kIn + i]; });
  expect_values(floats_of(merged({.files = {folder_ / "other", folder_ / "adapter"}})),
                [&](uint64_t o, uint64_t i) { return w[o * kIn + i] + m[i % 3 * kOut + o]; });
}

TEST_F(MergeTest, OtherTensorsReplaceTheBases) {
  adapter({tensor("base_model.model.blocks.0.ffn.x_k", {kIn}, 40)});
  const TensorView view = merged({}, "blocks.0.ffn.x_k");
  EXPECT_EQ(view.shape, (Shape{1, 1, kIn}));
  EXPECT_EQ(view.dtype, DType::kF32) << "its own";
  EXPECT_EQ(floats_of(view), floats_of(TensorFile::open(folder_ / "adapter").tensors()[0]));
}

TEST_F(MergeTest, RefusesWhatFitsNothing) {
  const auto refused = [&](const std::vector<PthTensor>& tensors) {
    adapter(tensors);
    const std::string message = refusal({.alphas = {1}});
    const std::string path = (folder_ / "adapter").string() + ": ";
    return message.starts_with(path) ? message.substr(path.size()) : message;
  };
  EXPECT_EQ(refused({tensor("blocks.9.ln1.weight", {kIn})}),
            "tensor blocks.9.ln1.weight: no such tensor in the model");
  EXPECT_EQ(refused({tensor("blocks.0.ln1.weight", {kIn + 1})}),
            "tensor blocks.0.ln1.weight: shape [9], want [8]");
  EXPECT_EQ(refused({tensor("blocks.0.ffn.key.lora_A", {2, kIn})}),
            "tensor blocks.0.ffn.key.lora_A: what belongs to it is missing, or has another shape");
  EXPECT_EQ(refused({tensor("blocks.0.ffn.value.bone", {2, kIn})}),
            "tensor blocks.0.ffn.value.bone: no such matrix in the model");
  EXPECT_EQ(refused({tensor("blocks.0.ffn.key.bone", {2, kOut + 1})}),
            "tensor blocks.0.ffn.key.bone: shape [2, 13] on tensor blocks.0.ffn.key.weight [12, 8], want "
            "[r, outputs]");
  EXPECT_EQ(refused({tensor("blocks.0.ffn.key.bone", {0, kOut})}),
            "tensor blocks.0.ffn.key.bone: shape [0, 12] on tensor blocks.0.ffn.key.weight [12, 8], want "
            "[r, outputs]");
  EXPECT_NE(refused({tensor("blocks.0.ffn.key.disha", {3, 3, 3})}).find("want [inputs / r, r, r]"),
            std::string::npos);
}

TEST_F(MergeTest, PeftFoldersSayTheirAlpha) {
  std::filesystem::create_directory(folder_ / "peft");
  const std::vector<float> ones(2 * kOut, 1.0F);
  const auto bytes = std::as_bytes(std::span(ones));
  const std::string module = "base_model.model.blocks.0.ffn.key.";
  write_safetensors(
      folder_ / "peft" / "adapter_model.safetensors",
      std::vector<TensorView>{{module + "lora_A.weight", DType::kF32, {2, kIn}, bytes.first(64)},
                              {module + "lora_B.weight", DType::kF32, {kOut, 2}, bytes}},
      {});
  const auto w = old();
  const auto gain = [&](const std::string& config) {
    write_file(folder_ / "peft" / "adapter_config.json", config);
    return floats_of(merged({.files = {folder_ / "peft"}}))[0] - w[0];
  };
  EXPECT_FLOAT_EQ(gain(R"({"peft_type": "LORA", "r": 2, "lora_alpha": 6})"), 2 * 6 / 2.0F);
  EXPECT_FLOAT_EQ(gain("\xEF\xBB\xBF"
                       R"({"peft_type": "LORA", "r": 2, "lora_alpha": 6})"),
                  6.0F);
  EXPECT_FLOAT_EQ(gain(R"({"peft_type": "LORA", "lora_alpha": 6, "use_rslora": true})"),
                  2 * 6 / std::sqrt(2.0F));
  EXPECT_FLOAT_EQ(gain(R"({"peft_type": "LORA", "lora_alpha": 6, "alpha_pattern": {"ffn.key": 1}})"), 1.0F);
  EXPECT_FLOAT_EQ(gain(R"({"peft_type": "LORA", "lora_alpha": 6, "alpha_pattern": {"n.key": 1}})"), 6.0F);
  EXPECT_FLOAT_EQ(gain(R"({"peft_type": "LORA", "lora_alpha": 6, "alpha_pattern":
                           {"blocks\\.[1-9].*": 3, ".*ffn\\.key$": 2, "ffn.key": 1}})"),
                  2.0F);
  EXPECT_NE(error_of([&] {
              gain(R"({"peft_type": "LORA", "lora_alpha": 6, "alpha_pattern": {"(": 1}})");
            }).find("alpha_pattern (: "),
            std::string::npos);
  EXPECT_NE(error_of([&] { gain(R"({"peft_type": "LORA", "use_dora": true})"); }).find("use_dora"),
            std::string::npos);
  EXPECT_NE(error_of([&] { gain(R"({"peft_type": "IA3"})"); }).find("IA3"), std::string::npos);
  EXPECT_NE(error_of([&] {
              gain(R"({"peft_type": "LORA", "init_lora_weights": "pissa_niter_4"})");
            }).find("pissa_niter_4"),
            std::string::npos);
}

TEST_F(MergeTest, TunedStatesAreAddedInTheOrderThatTheModelWants) {
  const auto model = TensorFile::open(golden_model("v7"));
  std::vector<PthTensor> states;
  for (uint64_t layer = 0; model.find("blocks." + std::to_string(layer) + ".ln1.weight") != nullptr; ++layer)
    states.push_back(tensor(tuned_state_name(layer), model.at("blocks.0.att.r_k").shape, layer));
  ASSERT_FALSE(states.empty());
  for (auto& state : states) state.shape.push_back(state.shape[1]);
  adapter(states);
  const auto state = [&](const MergeOptions& options) {
    const Merge merge(model, options);
    EXPECT_EQ(merge.tensors().size(), model.tensors().size() + states.size());
    return floats_of(merge.tensors().back().view);
  };
  const auto stored = state({.files = {folder_ / "adapter"}});
  const auto turned = state({.files = {folder_ / "adapter"}, .state_orders = {StateOrder::kKeyValue}});
  const uint64_t n = states[0].shape[2];
  EXPECT_EQ(stored, part(states.back().name.c_str()));
  EXPECT_EQ(turned[(n + 1) * n + 2], stored[(n + 2) * n + 1]) << "head 1";
  states.pop_back();
  adapter(states);
  EXPECT_NE(error_of([&] { Merge(model, {.files = {folder_ / "adapter"}}); }).find("is missing"),
            std::string::npos);
}

}  // namespace
}  // namespace rwkv
