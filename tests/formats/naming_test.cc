#include "formats/naming/naming.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "core/error.h"
#include "formats/naming/prefixes.h"
#include "formats/safetensors_writer.h"
#include "formats/tensor_file.h"
#include "support/error_of.h"
#include "support/temp_dir.h"
#include "support/tensor_values.h"

namespace rwkv {
namespace {

using Floats = std::vector<float>;

// Tensors of f16 whose element i is i.
struct Tensors {
  std::vector<std::byte> bytes;
  TensorList list;

  Tensors() {
    Floats values(256);
    std::iota(values.begin(), values.end(), 0.0F);
    bytes.resize(2 * values.size());
    cast_elements(DType::kF32, std::as_bytes(std::span(values)), DType::kF16, bytes);
  }
  Tensors& add(std::string name, Shape shape = {2}) {
    const auto part = std::span(bytes).first(2 * element_count(shape));
    list.tensors.push_back({std::move(name), DType::kF16, std::move(shape), part});
    return *this;
  }
  std::string_view apply(std::string_view format = "safetensors") { return apply_naming(format, list); }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const TensorView& tensor : list.tensors) names.push_back(tensor.name);
    return names;
  }
};

using Names = std::vector<std::string>;

std::string translated(std::string_view pattern, std::string_view name, std::string_view ours) {
  std::string result;
  return matches(pattern, name, ours, &result) ? result : "no";
}

TEST(Naming, PatternsMatchWholeNames) {
  EXPECT_EQ(translated("layers.#.attn.*_lora.lora.0.weight", "layers.12.attn.w_lora.lora.0.weight",
                       "blocks.#.att.*1"),
            "blocks.12.att.w1");
  EXPECT_EQ(translated("norm.*", "norm.bias", "ln_out.*"), "ln_out.bias");
  EXPECT_EQ(translated("a.*.*", "a.b.c", "x.*.*"), "x.b.c");
  EXPECT_EQ(translated("a.#.#", "a.1.22", "#-#"), "1-22");
  EXPECT_EQ(translated("*.#.*", "a.1.b", "#.*.*"), "1.a.b");
  for (const char* name : {"norm", "norm.", "norm.a.b", "xnorm.bias", "Norm.bias"})
    EXPECT_EQ(translated("norm.*", name, "*"), "no") << name;
  EXPECT_EQ(translated("layers.#.x", "layers..x", "#"), "no");
  EXPECT_EQ(translated("layers.#.x", "layers.1a.x", "#"), "no");
  EXPECT_EQ(translated("", "", "x"), "x");
}

TEST(Naming, BlinkDLsNamesStay) {
  Tensors t;
  t.add("emb.weight").add("blocks.0.att.w1").add("model.x");
  EXPECT_EQ(t.apply(), "");
  EXPECT_EQ(t.names(), (Names{"emb.weight", "blocks.0.att.w1", "x"}));
  EXPECT_EQ(t.list.tensors[0].origin.name, "");
}

TEST(Naming, PrefixesAreCutInAnyOrderAndDepth) {
  for (const std::string prefix :
       {"_orig_mod.", "_forward_module.", "module.", "model.", "base_model.model.", "rwkv.", "rwkv7.",
        "_forward_module._orig_mod.", "module.model.module.", "base_model.model.model._orig_mod.rwkv."}) {
    Tensors t;
    t.add(prefix + "emb.weight").add(prefix + "blocks.0._orig_mod.att.key.weight").add("head.weight");
    t.apply();
    EXPECT_EQ(t.names(), (Names{"emb.weight", "blocks.0.att.key.weight", "head.weight"})) << prefix;
    EXPECT_EQ(t.list.tensors[0].origin.name, prefix + "emb.weight");
  }
}

TEST(Naming, OtherModelsKeepTheirNames) {
  Tensors t;
  t.add("model.layers.0.self_attn.time_maa_x").add("module.x").add("rwkv.y");
  EXPECT_EQ(t.apply(), "");
  EXPECT_EQ(t.names(), (Names{"model.layers.0.self_attn.time_maa_x", "module.x", "rwkv.y"}));
  EXPECT_EQ(t.list.tensors[0].origin.name, "");
}

TEST(Naming, WrappersAreWholePieces) {
  EXPECT_EQ(without_prefixes("blocks.0.x_orig_mod.y"), "blocks.0.x_orig_mod.y");
  EXPECT_EQ(without_prefixes("_orig_mod._orig_mod.a"), "a");
  EXPECT_EQ(without_prefixes("model"), "model");
  EXPECT_EQ(without_prefixes("model."), "");
  EXPECT_FALSE(is_block_name("blocks..x"));
  EXPECT_FALSE(is_block_name("blocks.1"));
  EXPECT_TRUE(is_block_name("blocks.10.x"));
}

TEST(Naming, StacksAreTakenApart) {
  Tensors t;
  t.add("model.layers.3.attn.x_x", {6, 2}).add("model.layers.3.attn.w_lora.lora.0.weight", {2, 3});
  EXPECT_EQ(t.apply(), "Hugging Face RWKV-7 (fla)");
  const auto& tensors = t.list.tensors;
  ASSERT_EQ(tensors.size(), 7u);
  EXPECT_EQ(tensors[0].name, "blocks.3.att.x_r");
  EXPECT_EQ(tensors[5].name, "blocks.3.att.x_g");
  EXPECT_EQ(floats_of(tensors[4]), (Floats{8, 9}));
  EXPECT_EQ(tensors[4].origin.name, "model.layers.3.attn.x_x");
  EXPECT_EQ(tensors[6].name, "blocks.3.att.w1");
  EXPECT_EQ(floats_of(tensors[6]), (Floats{0, 3, 1, 4, 2, 5}));
  EXPECT_EQ(tensors[6].origin.transforms, Names{"transposed"});
}

TEST(Naming, StacksOfAnotherShapeAreLeftForTheModelToRefuse) {
  for (const Shape& shape : {Shape{5, 2}, Shape{6}, Shape{}, Shape{6, 0}}) {
    Tensors t;
    t.add("model.layers.3.attn.x_x", shape).add("model.layers.3.attn.w_lora.lora.0.weight", {3});
    t.apply();
    EXPECT_EQ(t.names(), (Names{"layers.3.attn.x_x", "blocks.3.att.w1"}));
  }
}

TEST(Naming, FoldedEmbeddingsAreMarked) {
  Tensors folded, plain;
  folded.add("rwkv7.embeddings.weight").add("rwkv7.blocks.0.ln1.weight").add("rwkv7.blocks.0.att.key.weight");
  plain = folded;
  EXPECT_EQ(folded.apply(), "Hugging Face RWKV (blocks)");
  EXPECT_EQ(folded.list.metadata.at(kEmbeddingKey), kEmbeddingNormalised);
  plain.add("rwkv7.blocks.0.ln0.weight").apply();
  EXPECT_TRUE(plain.list.metadata.empty());
}

TEST(Naming, DotStIsToldByMoreThanNames) {
  // RWKV-5: the bonus is plain only where a converter may have written the file.
  const auto bonus = [](std::string_view format, DType dtype, bool marked) {
    Tensors t;
    t.add("blocks.0.att.gate.weight", {2, 2}).add("blocks.0.att.time_first", {1, 2});
    t.list.tensors[0].dtype = dtype;
    if (marked) t.list.metadata["producer"] = "rwkv-convert";
    t.apply(format);
    return t.names()[1];
  };
  EXPECT_EQ(bonus("safetensors", DType::kF16, false), "blocks.0.att.time_faaaa");
  EXPECT_EQ(bonus("safetensors", DType::kF16, true), "blocks.0.att.time_first");
  EXPECT_EQ(bonus("safetensors", DType::kBf16, false), "blocks.0.att.time_first");
  EXPECT_EQ(bonus("PyTorch zip", DType::kF16, false), "blocks.0.att.time_first");
}

TEST(Naming, LowRankMatricesOfRwkv7AreJudgedByShape) {
  const auto w1 = [](Shape shape) {
    Tensors t;
    t.add("emb.weight", {3, 4}).add("blocks.0.att.r_k").add("blocks.0.att.w1", std::move(shape));
    t.apply("PyTorch zip");
    return t.list.tensors[2].shape;
  };
  EXPECT_EQ(w1({2, 4}), (Shape{4, 2}));
  EXPECT_EQ(w1({8, 4}), (Shape{4, 8}));
  EXPECT_EQ(w1({4, 2}), (Shape{4, 2}));
  EXPECT_EQ(w1({4, 4}), (Shape{4, 4}));
}

TEST(Naming, TunedStatesInADotStAreTurned) {
  const auto state = [](Shape w1) {
    Tensors t;
    t.add("blocks.0.att.time_state", {1, 2, 2}).add("emb.weight", {3, 4});
    t.add("blocks.0.att.r_k").add("blocks.0.att.w1", std::move(w1));
    t.apply();
    return floats_of(t.list.tensors[0]);
  };
  EXPECT_EQ(state({2, 4}), (Floats{0, 2, 1, 3}));
  EXPECT_EQ(state({4, 2}), (Floats{0, 1, 2, 3}));
}

TEST(Naming, StatesOfTheRwkvPackageGetNames) {
  Tensors t, t4;
  for (int i = 0; i < 6; ++i) t.add(std::to_string(i), i % 3 == 1 ? Shape{1, 2, 2} : Shape{2});
  EXPECT_EQ(t.apply(), kRwkvPackageState.name);
  EXPECT_EQ(t.names()[4], "layers.1.S");
  EXPECT_EQ(t.names()[5], "layers.1.ffn_x");
  for (int i = 0; i < 5; ++i) t4.add(std::to_string(i));
  t4.apply();
  EXPECT_EQ(t4.names(),
            (Names{"layers.0.att_x", "layers.0.aa", "layers.0.bb", "layers.0.pp", "layers.0.ffn_x"}));
}

// ---- folders and shards

void write(const std::filesystem::path& path, Tensors tensors) {
  write_safetensors(path, tensors.list.tensors, {});
}

TEST(Shards, AFolderStandsForWhatIsInIt) {
  const TempDir folder;
  write(folder / "a.safetensors", Tensors().add("emb.weight").add("x"));
  write(folder / "b.safetensors", Tensors().add("blocks.0.ln1.weight"));
  const std::string path = folder.path().string();
  EXPECT_NE(error_of([&] { TensorFile::open(path); }).find("is a folder of 2 checkpoints"),
            std::string::npos);
  write_file(folder / "model.safetensors.index.json",
             R"({"weight_map":{"emb.weight":"a.safetensors","blocks.0.ln1.weight":"b.safetensors"}})");
  for (const auto& operand : {folder.path(), folder / "model.safetensors.index.json"}) {
    const TensorFile file = TensorFile::open(operand);
    EXPECT_EQ(file.path(), operand.string());
    EXPECT_EQ(file.tensors().size(), 3u);
    EXPECT_EQ(file.format(), "safetensors, 2 files");
    EXPECT_EQ(file.files().size(), 2u);
    EXPECT_EQ(floats_of(file.at("blocks.0.ln1.weight")), (Floats{0, 1}));
  }
}

TEST(Shards, WhatIsMissingIsNamed) {
  const TempDir folder;
  write(folder / "a.safetensors", Tensors().add("emb.weight"));
  const auto index = folder / "model.safetensors.index.json";
  const auto refusal = [&](const std::string& text) {
    write_file(index, text);
    return error_of([&] { TensorFile::open(index); });
  };
  EXPECT_EQ(refusal(R"({"weight_map":{"emb.weight":"a.safetensors","x":"a.safetensors"}})"),
            index.string() + ": shard a.safetensors: tensor x: is missing, though the index names it");
  EXPECT_NE(refusal(R"({"weight_map":{"x":"c.safetensors"}})").find("shard c.safetensors: No such file"),
            std::string::npos);
  EXPECT_NE(refusal("\xEF\xBB\xBF{\"weight_map\":{}}").find("names no tensor"), std::string::npos);
  for (const char* name : {"../a.safetensors", "/etc/passwd", "", "..", "a/b"})
    EXPECT_NE(refusal(R"({"weight_map":{"x":")" + std::string(name) + R"("}})").find("in the same folder"),
              std::string::npos);
  EXPECT_NE(refusal(R"({"weight_map":{}})").find("names no tensor"), std::string::npos);
  EXPECT_NE(refusal(R"({"weight_map":[]})").find("without a weight_map"), std::string::npos);
  EXPECT_NE(refusal(R"({"weight_map":)").find("is not JSON"), std::string::npos);
}

TEST(Shards, TensorsMayBeDropped) {
  const TempDir folder;
  write(folder / "a", Tensors().add("emb.weight").add("x").add("y"));
  TensorFile file = TensorFile::open(folder / "a");
  EXPECT_EQ(file.drop([](const TensorView& tensor) { return tensor.name == "x"; }), 1u);
  EXPECT_EQ(file.find("x"), nullptr);
  EXPECT_EQ(file.at("y").name, "y");
  EXPECT_EQ(file.tensors().size(), 2u);
}

}  // namespace
}  // namespace rwkv
