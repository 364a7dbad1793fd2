#include "model/architecture.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "formats/safetensors_writer.h"
#include "support/temp_dir.h"

namespace rwkv {
namespace {

// What architecture_of() says of a file that holds the given tensors of one element beside those that every
// RWKV has: the version's name, or the error's message.
std::string verdict(std::vector<std::string> names) {
  names.insert(names.end(), {"emb.weight", "blocks.0.att.key.weight", "blocks.0.ffn.key.weight"});
  const float zero = 0;
  std::vector<TensorView> tensors;
  for (const auto& name : names) {
    tensors.push_back({.name = name,
                       .dtype = DType::kF32,
                       .shape = {1, 1},
                       .bytes = std::as_bytes(std::span(&zero, 1)),
                       .strides = {}});
  }
  const TempDir folder;
  write_safetensors(folder / "model", tensors, {});
  try {
    return std::string(architecture_of(TensorFile::open(folder / "model")).name);
  } catch (const Error& e) {
    return e.what();
  }
}

TEST(Architecture, IsToldByNames) {
  EXPECT_EQ(verdict({"blocks.0.att.time_first"}), "RWKV-4");
  EXPECT_EQ(verdict({"blocks.0.att.ln_x.weight", "blocks.0.att.time_mix_k"}), "RWKV-5");
  EXPECT_EQ(verdict({"blocks.0.att.ln_x.weight", "blocks.0.att.time_maa_x", "blocks.0.att.time_maa_k"}),
            "RWKV-6");
  EXPECT_EQ(verdict({"blocks.0.att.ln_x.weight", "blocks.0.att.r_k"}), "RWKV-7");
}

TEST(Architecture, RelativesAreRefusedByName) {
  const std::pair<const char*, const char*> relatives[] = {
      {"blocks.0.att.time_maa_rkvw_w1", "RWKV-6.0c"},
      {"blocks.0.att.time_maa_k", "RWKV-6.0a or 6.0b"},
      {"blocks.0.qkv.qq.weight", "RWKV-7b"},
      {"blocks.0.ffn.enn.weight", "RWKV-8"},
      {"model.layers.0.self_attn.time_maa_x", "rwkv6qwen2"},
      {"model.layers.0.self_attn.time_mixer.r_k", "arwkv7"},
      {"blocks.0.ffnPre.key.weight", "pre_ffn"},
      {"blocks.0.tiny_att.weight", "tiny attention"},
      {"head_q.weight", "head_q"},
      {"pos_emb_x", "positional embeddings"},
      {"blocks.0.att.time_mix_qq", "RWKV-4b"},
  };
  for (const auto& [tensor, name] : relatives) {
    const std::string message = verdict({tensor, "blocks.0.att.ln_x.weight"});
    EXPECT_NE(message.find(name), std::string::npos) << message;
    EXPECT_NE(message.find("is not supported"), std::string::npos) << message;
  }
}

TEST(Architecture, ANamedLayerThatCannotExistIsRefused) {
  const auto count = [](const char* name) {
    const float zero = 0;
    const auto bytes = std::as_bytes(std::span(&zero, 1));
    std::vector<TensorView> tensors;
    for (const char* each : {"emb.weight", "blocks.0.att.key.weight", "blocks.0.ffn.key.weight",
                             "blocks.0.att.time_first", name}) {
      tensors.push_back({.name = each, .dtype = DType::kF32, .shape = {1, 1}, .bytes = bytes, .strides = {}});
    }
    const TempDir folder;
    write_safetensors(folder / "model", tensors, {});
    return detect_model(TensorFile::open(folder / "model")).n_layers;
  };
  EXPECT_EQ(count("blocks.1.ln1.weight"), 2u);
  EXPECT_THROW(count("blocks.4000000000.ln1.weight"), Error);
  EXPECT_EQ(count("blocks.99999999999999999999.ln1.weight"), 1u);  // not a number, so not a layer's name
}

// 30000 channels in one head ask for 3.6 GB in each layer.
TEST(Architecture, AStateLargerThanTheFileCanMeanIsRefused) {
  constexpr uint64_t kWidth = 30'000;
  const std::vector<float> zeros(kWidth);
  std::vector<TensorView> tensors;
  const auto add = [&](const char* name, Shape shape) {
    const auto bytes = std::as_bytes(std::span(zeros).first(element_count(shape)));
    tensors.push_back(
        {.name = name, .dtype = DType::kF32, .shape = std::move(shape), .bytes = bytes, .strides = {}});
  };
  for (const char* name : {"emb.weight", "blocks.0.ffn.key.weight", "blocks.0.att.ln_x.weight",
                           "blocks.0.att.w1", "blocks.0.att.a1", "blocks.0.att.g1"})
    add(name, {1, 1});
  add("blocks.0.att.key.weight", {kWidth, 1});
  add("blocks.0.att.r_k", {1, kWidth});
  const TempDir folder;
  write_safetensors(folder / "model", tensors, {});
  try {
    detect_model(TensorFile::open(folder / "model"));
    FAIL();
  } catch (const Error& e) {
    EXPECT_NE(std::string(e.what()).find("1 heads of 30000, want heads of at most 1024"), std::string::npos)
        << e.what();
  }
}

}  // namespace
}  // namespace rwkv
