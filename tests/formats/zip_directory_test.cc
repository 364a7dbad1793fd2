#include "formats/zip_directory.h"

#include <gtest/gtest.h>

#include <sstream>

#include "core/error.h"
#include "support/error_of.h"
#include "support/tensor_values.h"
#include "support/zip_writer.h"

namespace rwkv {
namespace {

using Spoil = std::function<void(std::vector<ZipWriter::Entry>&)>;

std::string archive(bool zip64, const Spoil& spoil = nullptr) {
  std::ostringstream out;
  ZipWriter zip(out, zip64);
  zip.add("a/one", "first");
  zip.add("a/empty", "");
  zip.add("a/two", "second");
  if (spoil) spoil(zip.entries());
  zip.finish();
  return out.str();
}

std::string text_of(const ZipEntry& entry) {
  return {reinterpret_cast<const char*>(entry.bytes.data()), entry.bytes.size()};
}

std::string refusal(const std::string& file) {
  return error_of([&] { read_zip_directory(bytes_of(file)); });
}

TEST(ZipDirectory, FindsEntriesInPlace) {
  for (const bool zip64 : {false, true}) {
    const std::string file = archive(zip64);
    const auto entries = read_zip_directory(bytes_of(file));
    ASSERT_EQ(entries.size(), 3u);
    EXPECT_EQ(entries[0].name, "a/one");
    EXPECT_EQ(text_of(entries[0]), "first");
    EXPECT_EQ(text_of(entries[1]), "");
    EXPECT_EQ(text_of(entries[2]), "second");
    EXPECT_EQ((entries[2].bytes.data() - bytes_of(file).data()) % 64, 0);
  }
}

TEST(ZipDirectory, EveryTruncationIsRefused) {
  for (const bool zip64 : {false, true}) {
    const std::string file = archive(zip64);
    for (size_t n = 0; n < file.size(); ++n) {
      EXPECT_THROW(read_zip_directory(bytes_of(file).first(n)), Error) << n;
    }
    EXPECT_NE(refusal(file.substr(0, 200)).find("truncated"), std::string::npos);
  }
}

TEST(ZipDirectory, RefusesEntriesThatLie) {
  for (const bool zip64 : {false, true}) {
    EXPECT_NE(
        refusal(archive(zip64, [](auto& e) { e[2].size = 100'000; })).find("a/two: ends early: 100000 bytes"),
        std::string::npos);
    EXPECT_NE(refusal(archive(zip64, [](auto& e) { e[2].offset = 100'000; })), "accepted");
    EXPECT_NE(refusal(archive(zip64, [](auto& e) { e[2].offset += 1; })), "accepted");
    EXPECT_NE(refusal(archive(zip64, [](auto& e) { e[1].name = "a/one"; })).find("twice"), std::string::npos);
    EXPECT_NE(refusal(archive(zip64, [](auto& e) { e[0].method = 9; })).find("by method 9"),
              std::string::npos);
    EXPECT_NE(refusal(archive(zip64, [](auto& e) { e[0].flags |= 1; })).find("encrypted"), std::string::npos);
  }
  EXPECT_NE(refusal(archive(true, [](auto& e) { e[2].size = ~uint64_t{0}; })), "accepted");
  EXPECT_NE(refusal(archive(true, [](auto& e) { e[2].offset = ~uint64_t{0}; })), "accepted");
}

// Any single byte may be wrong: entries then lie inside the file, or there is an Error.
TEST(ZipDirectory, EveryMutatedByteIsHarmless) {
  for (const bool zip64 : {false, true}) {
    const std::string whole = archive(zip64);
    for (size_t i = 0; i < whole.size(); ++i) {
      for (const char value : {'\0', '\1', '\x7f', '\xff'}) {
        std::string file = whole;
        file[i] = value;
        const auto bytes = bytes_of(file);
        try {
          for (const ZipEntry& entry : read_zip_directory(bytes)) {
            ASSERT_GE(entry.bytes.data(), bytes.data());
            ASSERT_LE(entry.bytes.data() + entry.bytes.size(), bytes.data() + bytes.size());
          }
        } catch (const Error&) {
        }
      }
    }
  }
}

}  // namespace
}  // namespace rwkv
