// Where the project's sources lie.
#pragma once
#include <filesystem>

namespace rwkv {

std::filesystem::path source_folder();

}  // namespace rwkv
