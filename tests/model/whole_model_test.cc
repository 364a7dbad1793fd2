// A model that loads is the whole model.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "core/error.h"
#include "formats/safetensors_writer.h"
#include "formats/tensor_file.h"
#include "model/architecture.h"
#include "model/model.h"
#include "support/error_of.h"
#include "support/golden_model.h"
#include "support/temp_dir.h"

namespace rwkv {
namespace {

using Tensors = std::vector<TensorView>;

// What loading a version's golden model says once its tensors were changed; checking says the same.
template <class Change>
std::string verdict(const char* version, Change change) {
  const TempDir folder;
  const TensorFile source = TensorFile::open(golden_model(version));
  Tensors tensors(source.tensors().begin(), source.tensors().end());
  change(tensors);
  write_safetensors(folder / "m", tensors, {});
  const std::string message = error_of([&] { Model::load(folder / "m"); });
  EXPECT_EQ(error_of([&] { check_model(TensorFile::open(folder / "m")); }), message);
  const std::string path = (folder / "m").string() + ": ";
  return message.starts_with(path) ? message.substr(path.size()) : message;
}

TensorView& tensor_of(Tensors& tensors, std::string_view name) {
  return *std::ranges::find(tensors, name, &TensorView::name);
}

auto adding(std::vector<std::string> names) {
  return [names](Tensors& tensors) {
    for (const auto& name : names) tensors.push_back(tensors.front()), tensors.back().name = name;
  };
}

TEST(WholeModel, NamesWhatItDoesNotUse) {
  const std::string hint = " nothing that RWKV-7 uses (rwkv-convert --drop REGEX leaves tensors out)";
  EXPECT_EQ(verdict("v7", adding({"blocks.1.att.key.lora_A"})), "tensor blocks.1.att.key.lora_A is" + hint);
  EXPECT_EQ(verdict("v7", adding({"blocks.0.rosa.x_q", "blocks.0.rosa.x_k", "x"})),
            "tensor blocks.0.rosa.x_q and 2 more are" + hint);
  EXPECT_NE(verdict("v4", adding({"blocks.0.att.key.bias"})), "accepted");
  EXPECT_NE(verdict("v5.2", adding({"blocks.0.att.time_maa_x_"})), "accepted");
  EXPECT_NE(verdict("v6", adding({"blocks.0.att.time_mix_k"})), "accepted");
}

TEST(WholeModel, TakesWhatIsHarmless) {
  EXPECT_EQ(verdict("v7", [](Tensors&) {}), "accepted");
  EXPECT_EQ(verdict("v7",
                    [](Tensors& tensors) {
                      std::erase_if(tensors,
                                    [](const TensorView& t) { return t.name.starts_with("blocks.0.att.v"); });
                      std::erase_if(
                          tensors, [](const TensorView& t) { return t.name == "blocks.0.att.value.weight"; });
                    }),
            "tensor blocks.0.att.value.weight: is missing");
  EXPECT_EQ(verdict("v7",
                    [](Tensors& tensors) {
                      std::erase_if(tensors, [](const TensorView& t) {
                        return t.name == "blocks.0.att.v0" || t.name == "blocks.0.att.v1" ||
                               t.name == "blocks.0.att.v2";
                      });
                    }),
            "accepted");
  EXPECT_EQ(verdict("v7",
                    [](Tensors& tensors) {
                      for (const char* name : {"blocks.0.att.v0", "blocks.0.att.v1"}) {
                        std::erase_if(tensors, [&](const TensorView& t) { return t.name == name; });
                        tensors.push_back(tensors.front()), tensors.back().name = name;
                      }
                    }),
            "accepted");
}

TEST(WholeModel, RefusesWeightsThatCannotBe) {
  const auto filled = [](std::string name, std::byte value) {
    return [=](Tensors& tensors) {
      static std::vector<std::byte> bytes;
      TensorView& tensor = tensor_of(tensors, name);
      bytes.assign(tensor.bytes.size(), value);
      tensor.bytes = bytes;
    };
  };
  const std::byte zero{0}, nan{0xff};
  for (const char* name : {"ln_out.weight", "blocks.1.ln2.weight", "head.weight", "emb.weight"})
    EXPECT_EQ(verdict("v7", filled(name, zero)),
              "tensor " + std::string(name) + ": " + "holds nothing but zeros: an incomplete download?");
  for (const char* name : {"ln_out.bias", "blocks.1.att.k_k", "head.weight", "blocks.0.att.w1"})
    EXPECT_EQ(verdict("v7", filled(name, nan)),
              "tensor " + std::string(name) + ": holds a weight that is not finite");
  EXPECT_EQ(verdict("v7", filled("blocks.1.att.output.weight", zero)), "accepted");
}

TEST(WholeModel, WarnsOfMatricesOfZeros) {
  const TempDir folder;
  const TensorFile source = TensorFile::open(golden_model("v6"));
  Tensors tensors(source.tensors().begin(), source.tensors().end());
  const std::vector<std::byte> zeros(1 << 20);
  for (const char* name : {"blocks.1.ffn.value.weight", "blocks.1.att.output.weight"}) {
    TensorView& tensor = tensor_of(tensors, name);
    tensor.bytes = std::span(zeros).first(tensor.bytes.size());
  }
  write_safetensors(folder / "m", tensors, {});
  const std::string warning =
      "tensor blocks.1.ffn.value.weight and 1 more hold nothing but zeros: an incomplete download?";
  EXPECT_EQ(Model::load(folder / "m").warning(), warning);
  EXPECT_EQ(check_model(TensorFile::open(folder / "m")).warning, warning);
  EXPECT_EQ(Model::load(golden_model("v6")).warning(), std::nullopt);
}

// The roles name every tensor that a version reads.
TEST(WholeModel, EveryTensorHasARole) {
  for (const char* version : {"v4", "v5.0", "v5.1", "v5.2", "v6", "v7"}) {
    const TensorFile file = TensorFile::open(golden_model(version));
    for (const TensorView& tensor : file.tensors())
      EXPECT_NE(find_role(tensor.name), nullptr) << version << " " << tensor.name;
  }
  EXPECT_EQ(find_role("blocks.3.ffn.value.weight")->role, Role::kSparseInput);
  EXPECT_EQ(find_role("emb.weight")->role, Role::kTable);
  EXPECT_EQ(find_role("blocks.x.ffn.value.weight"), nullptr);
  EXPECT_EQ(find_role("ffn.value.weight"), nullptr);
}

// A name that two versions share has one role, so that packing need not know the version.
TEST(WholeModel, ANameHasOneRole) {
  for (const Architecture* a : architectures()) {
    for (const TensorRole& role : a->layer_tensors)
      EXPECT_EQ(find_role("blocks.0." + std::string(role.name))->role, role.role) << role.name;
  }
}

}  // namespace
}  // namespace rwkv
