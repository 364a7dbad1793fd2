// The project's own tiny checkpoints.
#pragma once
#include <filesystem>
#include <string>

#include "support/source_folder.h"

namespace rwkv {

// Random bf16 weights of a version: "v4", "v5.2", "v7" ..., 320 vocabulary entries.
inline std::filesystem::path golden_model(const std::string& version) {
  return source_folder() / "tests/golden/fixtures" / version / "model-bf16.pth";
}

}  // namespace rwkv
