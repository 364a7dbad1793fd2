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
  bool vnni = false;
};

// VNNI that a target of Highway's may run beside, or not.
struct CpuVnni {
  bool avx = false, avx512 = false;

  CpuVnni() {
#if HWY_ARCH_X86
    constexpr unsigned kLeaf = 7, kAvx512BitOfEcx = 11, kAvxBitOfEax = 4;
    unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
    avx512 = __get_cpuid_count(kLeaf, 0, &eax, &ebx, &ecx, &edx) != 0 && (ecx >> kAvx512BitOfEcx & 1) != 0;
    avx = __get_cpuid_count(kLeaf, 1, &eax, &ebx, &ecx, &edx) != 0 && (eax >> kAvxBitOfEax & 1) != 0;
#endif
  }
};

const CpuVnni& cpu_vnni() {
  static const CpuVnni vnni;
  return vnni;
}

// With Highway's own choice, that of the process.
bool& vnni_allowed() {
  static bool allowed = true;
  return allowed;
}

std::vector<Target> targets() {
  std::vector<Target> all;
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    const std::string name = hwy::TargetName(target);
    if ((target == HWY_AVX2 && uses_avx_vnni()) || (target == HWY_AVX3 && uses_avx512_vnni()))
      all.push_back({name + "_VNNI", target, true});
    all.push_back({name, target});
  }
  return all;
}

}  // namespace

bool uses_avx_vnni() { return vnni_allowed() && cpu_vnni().avx; }
bool uses_avx512_vnni() { return vnni_allowed() && cpu_vnni().avx512; }

std::vector<std::string> supported_targets() {
  std::vector<std::string> names;
  for (const Target& target : targets()) names.push_back(target.name);
  return names;
}

std::string current_target() { return supported_targets().front(); }

void unpin_target() {
  hwy::SetSupportedTargetsForTest(0);
  vnni_allowed() = true;
}

void pin_target(std::string_view name) {
  unpin_target();
  std::string known;
  for (const Target& target : targets()) {
    if (name == target.name) {
      hwy::SetSupportedTargetsForTest(target.highway);
      vnni_allowed() = target.vnni;
      return;
    }
    known += (known.empty() ? "" : ", ") + target.name;
  }
  throw Error(ErrorKind::kUsage,
              "target '" + std::string(name) + "' is not to be had here; this CPU runs " + known);
}

}  // namespace rwkv
