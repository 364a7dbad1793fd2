// In a file of its own: tools that call no kernel are linked without Highway, whose library costs them 3 ms
// at the start.
#include <cstdlib>

#include "common/tool.h"
#include "kernels/targets.h"

namespace rwkv {

void apply_target_environment() {
  const char* name = std::getenv("RWKV_TARGET");
  if (name != nullptr && *name != '\0') pin_target(name);
}

}  // namespace rwkv
