#include "common/vocabulary_path.h"

#include <filesystem>
#include <system_error>

#include "common/command_line.h"
#include "common/common_options.h"

namespace rwkv {

std::optional<std::string> vocabulary_path(const std::string& option) {
  const auto variable = from_environment("RWKV_VOCAB");
  std::error_code ignored;
  const bool is_folder = variable && std::filesystem::is_directory(*variable, ignored);
  if (option.empty()) return is_folder ? std::nullopt : variable;
  if (!is_folder || std::filesystem::exists(option, ignored)) return option;
  const auto in_folder = std::filesystem::path(*variable) / option;
  return std::filesystem::exists(in_folder, ignored) ? in_folder.string() : option;
}

std::string required_vocabulary_path(const std::string& option) {
  auto path = vocabulary_path(option);
  if (!path) usage_error("no vocabulary: give -v VOCAB or set RWKV_VOCAB");
  return *std::move(path);
}

}  // namespace rwkv
