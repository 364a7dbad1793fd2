// Pickles that would run code in Python, or exhaust a careless reader: the fuzzer's seeds whose names begin
// with attack_.
#include <gtest/gtest.h>

#include <chrono>

#include "core/error.h"
#include "formats/pickle.h"
#include "support/source_folder.h"
#include "support/temp_dir.h"

namespace rwkv {
namespace {

TEST(PickleAttacks, AreRefused) {
  size_t n_files = 0;
  for (const auto& file : std::filesystem::directory_iterator(source_folder() / "tests/fuzz/corpus/pickle")) {
    if (!file.path().filename().string().starts_with("attack_")) continue;
    ++n_files;
    const std::string content = read_file(file.path());
    ByteReader in(std::as_bytes(std::span(content)));
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_THROW(parse_pickle(in), Error) << file.path();
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5)) << file.path();
  }
  EXPECT_GE(n_files, 45u);
}

}  // namespace
}  // namespace rwkv
