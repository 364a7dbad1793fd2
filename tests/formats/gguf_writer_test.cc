#include "formats/gguf_writer.h"

#include <gtest/gtest.h>

#include "core/mapped_file.h"
#include "formats/gguf_header.h"
#include "support/temp_dir.h"

namespace rwkv {
namespace {

TEST(GgufWriter, WhatIsWrittenIsRead) {
  const TempDir folder;
  GgufMetadata metadata;
  metadata.add("a.text", "value");
  metadata.add("a.number", 7U);
  metadata.add("a.float", 0.25F);
  metadata.add("texts", std::vector<std::string>{"one", ""});
  metadata.add("numbers", std::vector<int32_t>{3, -1});
  GgufWriter writer(folder / "f",
                    {{"first", find_ggml_type("F32"), {3}}, {"second", find_ggml_type("Q8_0"), {2, 32}}},
                    metadata);
  writer.write(std::vector<std::byte>(12, std::byte{1}));
  writer.end_tensor();
  for (int row = 0; row < 2; ++row) writer.write(std::vector<std::byte>(34, std::byte{2}));
  writer.end_tensor();
  writer.commit();

  const MappedFile file = MappedFile::open(folder / "f");
  const GgufHeader header = read_gguf_header(file.bytes());
  EXPECT_EQ(header.version, 3U);
  std::string texts;
  for (const GgufEntry& entry : header.entries)
    texts += std::string(entry.key) + "=" + to_text(entry.value) + " ";
  EXPECT_EQ(texts, "a.text=value a.number=7 a.float=0.25 texts=[2 string] numbers=[2 i32] ");
  EXPECT_EQ(strings_of(*find_value(header, "texts")), (std::vector<std::string_view>{"one", ""}));
  EXPECT_EQ(integers_of(*find_value(header, "numbers")), (std::vector<int64_t>{3, -1}));
  ASSERT_EQ(header.tensors.size(), 2U);
  EXPECT_EQ(header.tensors[0].shape, Shape{3});
  EXPECT_EQ(header.tensors[1].shape, (Shape{2, 32}));
  EXPECT_EQ(header.tensors[1].bytes[67], std::byte{2});
  EXPECT_EQ((header.tensors[1].bytes.data() - file.bytes().data()) % 32, 0);
  EXPECT_EQ(file.bytes().size() % 32, 0U);
}

}  // namespace
}  // namespace rwkv
