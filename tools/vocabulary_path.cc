#include "vocabulary_path.h"

#include <filesystem>
#include <system_error>

#include "tool.h"

namespace rwkv {

std::optional<std::string> vocabulary_path(const std::string& option) {
  const auto found = option_or_environment("", "RWKV_VOCAB");
  std::error_code ignored;
  if (option.empty() || !found || std::filesystem::exists(option, ignored)) {
    return option.empty() ? found : option;
  }
  const auto in_folder = std::filesystem::path(*found) / option;
  return std::filesystem::exists(in_folder, ignored) ? in_folder.string() : option;
}

}  // namespace rwkv
