#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "formats/bin_reader.h"
#include "formats/gguf_reader.h"
#include "formats/naming/gguf_names.h"
#include "formats/naming/naming.h"
#include "support/error_of.h"
#include "support/gguf_builder.h"
#include "support/tensor_values.h"

namespace rwkv {
namespace {

constexpr uint32_t kF32 = 0;

std::string floats(std::initializer_list<float> values) {
  std::string bytes;
  for (const float value : values) bytes += bytes_in_file(value);
  return bytes;
}

GgufBuilder with_architecture(std::string_view name) {
  GgufBuilder gguf;
  gguf.add_string("general.architecture", name);
  gguf.add_u32(std::string(name) + ".wkv.head_size", 2);
  return gguf;
}

TensorList named(const std::string& file) {
  TensorList list = parse_gguf(bytes_of(file));
  EXPECT_EQ(apply_naming("GGUF", list), "llama.cpp");
  return list;
}

// "name [shape] values", a line each.
std::string text_of(const TensorList& list) {
  std::string text;
  for (const TensorView& tensor : list.tensors) {
    text += tensor.name + " " + to_string(tensor.shape);
    for (const float value : floats_of(tensor)) text += " " + std::to_string(static_cast<int>(value));
    text += "\n";
  }
  return text;
}

TEST(GgufNaming, Rwkv7) {
  GgufBuilder gguf = with_architecture("rwkv7");
  gguf.add_tensor("token_embd_norm.bias", {2}, kF32, floats({1, 2}));
  gguf.add_tensor("blk.0.time_mix_v0.weight", {2}, kF32, floats({1, 2}));
  gguf.add_tensor("blk.1.time_mix_v0.weight", {2}, kF32, floats({1, 2}));
  gguf.add_tensor("blk.1.time_mix_w1.weight", {2, 3}, kF32, floats({1, 2, 3, 4, 5, 6}));
  gguf.add_tensor("blk.1.time_mix_a1.weight", {2}, kF32, floats({1, 2}));  // of rank 1
  gguf.add_tensor("blk.1.time_mix_r_k.weight", {4}, kF32, floats({1, 2, 3, 4}));
  gguf.add_tensor("blk.1.time_mix_lerp_fused.weight", {1, 1, 1, 6}, kF32, floats({1, 2, 3, 4, 5, 6}));
  gguf.add_tensor("blk.1.other.weight", {1}, kF32, floats({1}));
  const std::string file = gguf.file();
  const TensorList list = named(file);
  EXPECT_EQ(text_of(list),
            "blocks.0.ln0.bias [2] 1 2\n"
            "blocks.1.att.v0 [1, 1, 2] 1 2\n"
            "blocks.1.att.w1 [2, 3] 1 3 5 2 4 6\n"
            "blocks.1.att.a1 [2, 1] 1 2\n"
            "blocks.1.att.r_k [2, 2] 1 2 3 4\n"
            "blocks.1.att.x_r [1, 1, 1] 1\n"
            "blocks.1.att.x_w [1, 1, 1] 2\n"
            "blocks.1.att.x_k [1, 1, 1] 3\n"
            "blocks.1.att.x_v [1, 1, 1] 4\n"
            "blocks.1.att.x_a [1, 1, 1] 5\n"
            "blocks.1.att.x_g [1, 1, 1] 6\n"
            "blk.1.other.weight [1] 1\n");
  EXPECT_EQ(list.tensors[2].origin.name, "blk.1.time_mix_w1.weight");
  EXPECT_EQ(list.tensors[2].origin.transforms, std::vector<std::string>{"transposed"});
}

TEST(GgufNaming, Rwkv6WithLerpsApartAndRescaledLayers) {
  GgufBuilder gguf = with_architecture("rwkv6");
  gguf.add_u32("rwkv6.rescale_every_n_layers", 2);
  gguf.add_tensor("blk.0.time_mix_lerp_g.weight", {2}, kF32, floats({1, 2}));
  gguf.add_tensor("blk.0.time_mix_lerp_fused.weight", {1, 1, 1, 5}, kF32, floats({1, 2, 3, 4, 5}));
  gguf.add_tensor("blk.0.time_mix_w2.weight", {1, 2, 2}, kF32, floats({1, 2, 3, 4}));
  gguf.add_tensor("blk.0.time_mix_first.weight", {2}, kF32, floats({1, 2}));
  gguf.add_tensor("blk.1.time_mix_output.weight", {1, 1}, kF32, floats({3}));
  gguf.add_tensor("blk.4.time_mix_output.weight", {1, 1}, kF32, floats({3}));
  gguf.add_tensor("blk.5.channel_mix_value.weight", {1, 1}, kF32, floats({3}));
  gguf.add_tensor("blk.5.channel_mix_key.weight", {1, 1}, kF32, floats({3}));
  const std::string file = gguf.file();
  EXPECT_EQ(text_of(named(file)),
            "blocks.0.att.time_maa_g [1, 1, 2] 1 2\n"
            "blocks.0.att.time_maa_w [1, 1, 1] 1\n"
            "blocks.0.att.time_maa_k [1, 1, 1] 2\n"
            "blocks.0.att.time_maa_v [1, 1, 1] 3\n"
            "blocks.0.att.time_maa_r [1, 1, 1] 4\n"
            "blocks.0.att.time_maa_g [1, 1, 1] 5\n"
            "blocks.0.att.time_maa_w2 [2, 1, 2] 1 2 3 4\n"
            "blocks.0.att.time_faaaa [1, 2] 1 2\n"
            "blocks.1.att.output.weight [1, 1] 3\n"
            "blocks.4.att.output.weight [1, 1] 12\n"
            "blocks.5.ffn.value.weight [1, 1] 12\n"
            "blocks.5.ffn.key.weight [1, 1] 3\n");
}

TEST(GgufNaming, OtherArchitecturesAreRefusedByName) {
  const auto refusal = [](std::string_view name) {
    const std::string file = with_architecture(name).file();
    return error_of([&] { named(file); });
  };
  EXPECT_EQ(refusal("arwkv7"),
            "GGUF architecture 'arwkv7', a Qwen with RWKV's time mix, is not supported: want rwkv6 or rwkv7");
  EXPECT_EQ(
      refusal("rwkv6qwen2"),
      "GGUF architecture 'rwkv6qwen2', a Qwen with RWKV's time mix, is not supported: want rwkv6 or rwkv7");
  EXPECT_EQ(refusal("llama"), "GGUF architecture 'llama' is not supported: want rwkv6 or rwkv7");
}

TEST(GgufNaming, EveryNameStandsForOneTensor) {
  for (const GgufArchitecture& architecture : gguf_architectures()) {
    std::map<std::string_view, int> theirs, ours;
    for (const GgufName& name : architecture.layer) ++theirs[name.theirs], ++ours[name.ours];
    for (const GgufName& name : architecture.lerps.parts) ++theirs[name.theirs], ++ours[name.ours];
    for (const auto& [name, n] : theirs) EXPECT_EQ(n, 1) << name;
    for (const auto& [name, n] : ours) EXPECT_EQ(n, 1) << name;
  }
}

// ---- rwkv.cpp

std::string bin_file(uint32_t n_layers) {
  return bytes_in_file(0x67676d66U) + bytes_in_file(101U) + bytes_in_file(4U) + bytes_in_file(2U) +
         bytes_in_file(n_layers) + bytes_in_file(0U);
}

std::string bin_tensor(std::string_view name, std::initializer_list<uint32_t> dimensions,
                       std::initializer_list<float> values) {
  std::string all = bytes_in_file(static_cast<uint32_t>(dimensions.size())) +
                    bytes_in_file(static_cast<uint32_t>(name.size())) + bytes_in_file(kF32);
  for (const uint32_t dimension : dimensions) all += bytes_in_file(dimension);
  return all + std::string(name) + floats(values);
}

TensorList named_bin(const std::string& file) {
  TensorList list = parse_bin(bytes_of(file));
  EXPECT_EQ(apply_naming("rwkv.cpp .bin", list), "rwkv.cpp");
  return list;
}

const TensorView& at(const TensorList& list, std::string_view name) {
  return *std::ranges::find(list.tensors, name, &TensorView::name);
}

TEST(BinNaming, DecaysAreWhatTheCheckpointHeld) {
  const std::string ln = bin_tensor("blocks.0.ln1.weight", {1}, {1});
  const std::string file4 =
      bin_file(1) + ln + bin_tensor("blocks.0.att.time_decay", {2}, {-2.718281828F, -0.0F});
  const auto decays4 = floats_of(at(named_bin(file4), "blocks.0.att.time_decay"));
  EXPECT_NEAR(decays4[0], 1, 1e-6);
  EXPECT_EQ(std::exp(decays4[1]), 0);
  EXPECT_TRUE(std::isfinite(decays4[1]));

  const std::string file5 = bin_file(1) + ln + bin_tensor("blocks.0.att.ln_x.weight", {1}, {1}) +
                            bin_tensor("blocks.0.att.time_mix_k", {1}, {1}) +
                            bin_tensor("blocks.0.att.time_decay", {1, 3, 1}, {0.692200628F, 0, 1}) +
                            bin_tensor("blocks.0.att.time_first", {1, 1, 1}, {7});
  const TensorList list5 = named_bin(file5);
  const TensorView& decay = at(list5, "blocks.0.att.time_decay");
  EXPECT_EQ(decay.shape, (Shape{1, 3}));
  const auto decays5 = floats_of(decay);
  EXPECT_NEAR(decays5[0], -1, 1e-6);
  EXPECT_EQ(std::exp(-std::exp(decays5[1])), 0);
  EXPECT_EQ(std::exp(-std::exp(decays5[2])), 1);
  EXPECT_TRUE(std::isfinite(decays5[1]) && std::isfinite(decays5[2]));
  EXPECT_EQ(floats_of(at(list5, "blocks.0.att.time_faaaa")), std::vector<float>{7});
}

TEST(BinNaming, Rwkv7) {
  const std::string file = bin_file(1) + bin_tensor("blocks.0.ln1.weight", {1}, {1}) +
                           bin_tensor("blocks.0.att.ln_x.weight", {1}, {1}) +
                           bin_tensor("blocks.0.att.x_rwkvag", {1, 1, 6}, {1, 2, 3, 4, 5, 6}) +
                           bin_tensor("blocks.0.att.g1", {2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(text_of(named_bin(file)),
            "blocks.0.ln1.weight [1] 1\n"
            "blocks.0.att.ln_x.weight [1] 1\n"
            "blocks.0.att.x_r [1, 1] 1\n"
            "blocks.0.att.x_w [1, 1] 2\n"
            "blocks.0.att.x_k [1, 1] 3\n"
            "blocks.0.att.x_v [1, 1] 4\n"
            "blocks.0.att.x_a [1, 1] 5\n"
            "blocks.0.att.x_g [1, 1] 6\n"
            "blocks.0.att.g1 [2, 3] 1 3 5 2 4 6\n");
}

TEST(BinNaming, AFileThatEndsEarlyIsSeen) {
  const std::string file = bin_file(2) + bin_tensor("blocks.0.ln1.weight", {1}, {1});
  EXPECT_EQ(error_of([&] { named_bin(file); }), "has 1 layers, the header says 2");
}

}  // namespace
}  // namespace rwkv
