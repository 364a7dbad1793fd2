#include "kernels/targets.h"

#include "core/error.h"
#include "hwy/highway.h"
#include "hwy/targets.h"

#if HWY_ARCH_X86
#include <cpuid.h>
#endif

namespace rwkv {
namespace {

struct Target {
  std::string name;
  int64_t highway;
  bool avx_vnni = false;
};

// Of those that Highway says the CPU has.
bool cpu_has_avx_vnni() {
#if HWY_ARCH_X86
  constexpr unsigned kLeaf = 7, kSubleaf = 1, kBitOfEax = 4;
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid_count(kLeaf, kSubleaf, &eax, &ebx, &ecx, &edx) != 0 && (eax >> kBitOfEax & 1) != 0;
#else
  return false;
#endif
}

// With Highway's own choice, that of the process.
bool& avx_vnni_in_use() {
  static bool in_use = cpu_has_avx_vnni();
  return in_use;
}

std::vector<Target> targets() {
  std::vector<Target> all;
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    if (target == HWY_AVX2 && uses_avx_vnni()) all.push_back({"AVX2_VNNI", target, true});
    all.push_back({hwy::TargetName(target), target});
  }
  return all;
}

}  // namespace

bool uses_avx_vnni() { return avx_vnni_in_use(); }

std::vector<std::string> supported_targets() {
  std::vector<std::string> names;
  for (const Target& target : targets()) names.push_back(target.name);
  return names;
}

std::string current_target() { return supported_targets().front(); }

void unpin_target() {
  hwy::SetSupportedTargetsForTest(0);
  avx_vnni_in_use() = cpu_has_avx_vnni();
}

void pin_target(std::string_view name) {
  unpin_target();
  std::string known;
  for (const Target& target : targets()) {
    if (name == target.name) {
      hwy::SetSupportedTargetsForTest(target.highway);
      avx_vnni_in_use() = target.avx_vnni;
      return;
    }
    known += (known.empty() ? "" : ", ") + target.name;
  }
  throw Error(ErrorKind::kUsage,
              "target '" + std::string(name) + "' is not to be had here; this CPU runs " + known);
}

}  // namespace rwkv
