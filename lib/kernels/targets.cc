#include "kernels/targets.h"

#include "core/error.h"
#include "hwy/highway.h"
#include "hwy/targets.h"

namespace rwkv {

std::vector<std::string> supported_targets() {
  std::vector<std::string> names;
  for (const int64_t target : hwy::SupportedAndGeneratedTargets())
    names.emplace_back(hwy::TargetName(target));
  return names;
}

std::string current_target() { return supported_targets().front(); }

void pin_target(std::string_view name) {
  std::string known;
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    if (name == hwy::TargetName(target)) return hwy::SetSupportedTargetsForTest(target);
    known += (known.empty() ? "" : ", ") + std::string(hwy::TargetName(target));
  }
  throw Error(ErrorKind::kUsage,
              "target '" + std::string(name) + "' is not to be had here; this CPU runs " + known);
}

}  // namespace rwkv
