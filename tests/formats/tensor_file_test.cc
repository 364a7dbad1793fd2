#include "formats/tensor_file.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "formats/pth_test_tensors.h"
#include "formats/safetensors_writer.h"
#include "support/pth_builder.h"
#include "support/source_folder.h"
#include "support/temp_dir.h"
#include "support/tensor_values.h"

namespace rwkv {
namespace {

std::string refusal(const std::string& content) {
  const TempDir folder;
  write_file(folder / "model.pth", content);
  try {
    TensorFile::open(folder / "model.pth");
  } catch (const Error& e) {
    const std::string path = (folder / "model.pth").string() + ": ", message = e.what();
    EXPECT_TRUE(message.starts_with(path)) << message;
    EXPECT_EQ(message.find(path, 1), std::string::npos) << "the path once: " << message;
    return message.substr(path.size());
  }
  return "accepted";
}

TEST(TensorFile, JudgesByContent) {
  const TempDir folder;
  write_file(folder / "a.safetensors", pth_zip(small_tensors()));
  write_file(folder / "b.gguf", pth_legacy(small_tensors()));
  const TensorFile a = TensorFile::open(folder / "a.safetensors"), b = TensorFile::open(folder / "b.gguf");
  EXPECT_EQ(a.format(), "PyTorch zip");
  EXPECT_EQ(b.format(), "PyTorch legacy");
  write_safetensors(folder / "c", a.tensors(), {});
  const TensorFile c = TensorFile::open(folder / "c");
  EXPECT_EQ(c.format(), "safetensors");
  for (const TensorView& tensor : a.tensors()) {
    EXPECT_EQ(floats_of(tensor), floats_of(b.at(tensor.name)));
    EXPECT_EQ(floats_of(tensor), floats_of(c.at(tensor.name)));
  }
}

TEST(TensorFile, FindsTensorsAlsoAfterAMove) {
  const TempDir folder;
  write_file(folder / "f", pth_zip(small_tensors()));
  TensorFile file = TensorFile::open(folder / "f");
  const TensorFile moved = std::move(file);
  EXPECT_EQ(moved.path(), (folder / "f").string());
  EXPECT_EQ(moved.find("emb.weight"), moved.tensors().data());
  EXPECT_EQ(moved.find("absent"), nullptr);
  try {
    moved.at("absent");
    FAIL();
  } catch (const Error& e) {
    EXPECT_EQ(e.what(), moved.path() + ": tensor absent: is missing");
  }
}

TEST(TensorFile, SaysWhatAFileIsInstead) {
  EXPECT_EQ(refusal(""), "is empty");
  EXPECT_EQ(refusal("version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 2\n"),
            "a git-lfs pointer, not the model: run git lfs pull");
  EXPECT_NE(refusal("\n<!DOCTYPE html><html>").find("HTML page"), std::string::npos);
  EXPECT_NE(refusal("<html lang=en>").find("HTML page"), std::string::npos);
  EXPECT_NE(refusal(std::string(257, 'x') + "ustar" + std::string(300, '\0')).find("tar archive"),
            std::string::npos);
  EXPECT_EQ(refusal("What is this?"), "not a checkpoint of a known format");
  EXPECT_NE(refusal(std::string(8, '\0')).find("begins with zeros only"), std::string::npos);
}

TEST(TensorFile, KnowsTruncatedDownloads) {
  const std::string zip = pth_zip(small_tensors());
  EXPECT_NE(refusal(zip.substr(0, zip.size() / 2)).find("truncated"), std::string::npos);
  const TempDir folder;
  write_file(folder / "f", zip);
  write_safetensors(folder / "g", TensorFile::open(folder / "f").tensors(), {});
  const std::string safetensors = read_file(folder / "g");
  EXPECT_NE(refusal(safetensors.substr(0, safetensors.size() - 1)).find("truncated"), std::string::npos);
  EXPECT_NE(refusal(safetensors.substr(0, 20)).find("truncated"), std::string::npos);
}

TEST(TensorFile, RefusesBadNames) {
  EXPECT_EQ(
      refusal(pth_zip(std::vector<PthTensor>{{.name = "a\n", .shape = {1}}, {.name = "a\n", .shape = {1}}})),
      "tensor a?: is there twice");
  EXPECT_NE(refusal(pth_zip(std::vector<PthTensor>{{.name = std::string(2000, 'x'), .shape = {1}}}))
                .find("2000 bytes"),
            std::string::npos);
}

TEST(TensorFile, ReadsTheFixturesOfTheFormats) {
  const std::filesystem::path folder = source_folder() / "../shared/fixtures/own/pth-variants";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "no fixtures";
  const TensorFile first = TensorFile::open(folder / "zip-f32.pth");
  EXPECT_EQ(first.tensors().size(), 102u);
  for (const char* name :
       {"legacy-f32.pth", "ordereddict.pth", "ordereddict-metadata.pth", "wrapped-model.pth"}) {
    const TensorFile file = TensorFile::open(folder / name);
    ASSERT_EQ(file.tensors().size(), first.tensors().size()) << name;
    for (const TensorView& tensor : first.tensors()) {
      EXPECT_TRUE(std::ranges::equal(tensor.bytes, file.at(tensor.name).bytes)) << name << " " << tensor.name;
    }
  }
}

}  // namespace
}  // namespace rwkv
