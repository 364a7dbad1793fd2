#include "common/chat_options.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "formats/tensor_file.h"
#include "support/golden_model.h"
#include "support/temp_dir.h"

namespace rwkv {
namespace {

TEST(ChatOptionsTest, TakesTheTemplateByTheModelsName) {
  const TempDir folder;
  const auto template_of = [&](const std::string& name, const std::string& wanted = {}) {
    const auto path = folder.path() / name;
    std::filesystem::create_directories(path.parent_path());
    std::filesystem::copy_file(golden_model("v7"), path);
    return chat_template_of({wanted}, TensorFile::open(path)).name;
  };
  EXPECT_EQ(template_of("rwkv7-world-0.4b.pth"), "world");
  EXPECT_EQ(template_of("rwkv7-g1d-0.4b-20260210-ctx8192.pth"), "g1");
  EXPECT_EQ(template_of("rwkv7-g0-7.2b.pth"), "g1");
  EXPECT_EQ(template_of("RWKV7-0.4B-G1/model.pth"), "g1");
  EXPECT_EQ(template_of("rwkv7-g1/other/model.pth"), "world");
  EXPECT_EQ(template_of("rwkv7-g1.pth", "g1-think"), "g1-think");
}

}  // namespace
}  // namespace rwkv
