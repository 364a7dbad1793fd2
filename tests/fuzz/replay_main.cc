// Runs a fuzzer's target on the files of a corpus, for compilers without libFuzzer. usage: fuzz_x FOLDER
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <string>

#include "support/temp_dir.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

int main(int argc, char** argv) {
  size_t n_files = 0;
  for (const auto& file : std::filesystem::directory_iterator(argc > 1 ? argv[1] : ".")) {
    const std::string content = rwkv::read_file(file.path());
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(content.data()), content.size());
    ++n_files;
  }
  std::printf("%zu files\n", n_files);
  return n_files > 0 ? 0 : 1;
}
