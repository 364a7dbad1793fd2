// The checkpoints with known logits that golden tests run on.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "core/token.h"

namespace rwkv {

// A folder below tests/golden, or of ../shared/fixtures where that stands beside the project.
struct Fixture {
  std::filesystem::path folder;
  std::string name() const { return folder.filename().string(); }
  std::vector<TokenId> tokens() const;  // of its tokens.json
  // Names in the folder: those in its tokens.json ("." is the folder itself), else all .pth and .safetensors.
  std::vector<std::string> checkpoints() const;
};

std::vector<Fixture> golden_fixtures();  // the project's own, one a version and form
std::vector<Fixture> shared_fixtures();  // empty without ../shared
// Models in the forms of other programs: the project's own few, or all where ../shared has them.
std::vector<Fixture> form_fixtures();

// A NumPy file of float32 [rows, cols].
struct NpyMatrix {
  size_t rows = 0, cols = 0;
  std::vector<float> values;
};
NpyMatrix read_npy(const std::filesystem::path& path);

}  // namespace rwkv
