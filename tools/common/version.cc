#include "common/version.h"

namespace rwkv {
namespace {

#if defined(__clang__)
constexpr const char* kCompiler = "clang " __clang_version__;
#elif defined(__GNUC__)
constexpr const char* kCompiler = "g++ " __VERSION__;
#else
constexpr const char* kCompiler = "unknown compiler";
#endif

}  // namespace

std::string version_text(const ToolText& tool) {
  std::string text = std::string(tool.name) + " " RWKV_VERSION;
  const std::string_view commit = RWKV_COMMIT;
  text += " (";
  if (!commit.empty()) text += "commit " + std::string(commit) + ", ";
  text += kCompiler;
  while (text.ends_with(' ')) text.pop_back();
  if (tool.simd_target != nullptr) text += ", " + tool.simd_target();
  return text + ")\n";
}

}  // namespace rwkv
