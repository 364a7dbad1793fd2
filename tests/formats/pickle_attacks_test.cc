// Pickles that would run code in Python, or exhaust a careless reader: the fuzzer's seeds whose names begin
// with attack_.
#include <gtest/gtest.h>

#include <chrono>

#include "core/error.h"
#include "formats/pickle.h"
#include "formats/state_dict.h"
#include "support/source_folder.h"
#include "support/temp_dir.h"

namespace rwkv {
namespace {

// Whether anything comes of it. Objects of classes that nobody knows are passed over, and nothing is called.
bool gives_tensors(std::string_view content) {
  try {
    ByteReader in(std::as_bytes(std::span(content)));
    const Pickle pickle = parse_pickle(in);
    return !tensors_of(pickle, storages_of(pickle)).empty();
  } catch (const Error&) {
    return false;
  }
}

TEST(PickleAttacks, GiveNothing) {
  size_t n_files = 0;
  for (const auto& file : std::filesystem::directory_iterator(source_folder() / "tests/fuzz/corpus/pickle")) {
    if (!file.path().filename().string().starts_with("attack_")) continue;
    ++n_files;
    const std::string content = read_file(file.path());
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_FALSE(gives_tensors(content)) << file.path();
    EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5)) << file.path();
  }
  EXPECT_GE(n_files, 45u);
}

}  // namespace
}  // namespace rwkv
