#include "kernels/targets.h"

#include "core/error.h"
#include "hwy/highway.h"
#include "hwy/targets.h"

#if HWY_ARCH_X86
#include <cpuid.h>
#elif HWY_ARCH_ARM_A64 && HWY_OS_LINUX
#include <sys/auxv.h>
#endif

namespace rwkv {
namespace {

struct Target {
  std::string name;
  int64_t highway;
  bool dot_products = false;
};

#if HWY_ARCH_X86
bool cpuid_7(unsigned subleaf, bool in_eax, unsigned bit) {
  constexpr unsigned kLeaf = 7;
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid_count(kLeaf, subleaf, &eax, &ebx, &ecx, &edx) != 0 &&
         ((in_eax ? eax : ecx) >> bit & 1) != 0;
}
#endif

// Whether the CPU has an instruction for sums of products of bytes that a target of Highway's does not imply.
bool cpu_has_dot_products([[maybe_unused]] int64_t target) {
#if HWY_ARCH_X86
  static const bool avx_vnni = cpuid_7(1, true, 4), avx512_vnni = cpuid_7(0, false, 11);
  return (target == HWY_AVX2 && avx_vnni) || (target == HWY_AVX3 && avx512_vnni);
#elif HWY_ARCH_ARM_A64 && defined(__ARM_FEATURE_DOTPROD)
  return true;
#elif HWY_ARCH_ARM_A64 && HWY_OS_LINUX && !HWY_COMPILER_CLANG  // see DotProducts
  return (::getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#else
  return false;
#endif
}

// With Highway's own choice, that of the process.
bool& dot_products_allowed() {
  static bool allowed = true;
  return allowed;
}

// Of those that Highway says the CPU has.
std::vector<int64_t> highway_targets() {
  // Where there is but one, it is not asked: 1.0.3 denies NEON to CPUs without AES, as a Raspberry Pi 4's.
  if (HWY_TARGETS == HWY_STATIC_TARGET) return {HWY_STATIC_TARGET};
  return hwy::SupportedAndGeneratedTargets();
}

std::vector<Target> targets() {
  std::vector<Target> all;
  for (const int64_t target : highway_targets()) {
    const std::string name = hwy::TargetName(target);
    if (uses_dot_products(target))
      all.push_back({name + (HWY_ARCH_X86 ? "_VNNI" : "_DOTPROD"), target, true});
    all.push_back({name, target});
  }
  return all;
}

}  // namespace

bool uses_dot_products(int64_t target) { return dot_products_allowed() && cpu_has_dot_products(target); }

std::vector<std::string> supported_targets() {
  std::vector<std::string> names;
  for (const Target& target : targets()) names.push_back(target.name);
  return names;
}

std::string current_target() { return supported_targets().front(); }

void unpin_target() {
  hwy::SetSupportedTargetsForTest(0);
  dot_products_allowed() = true;
}

void pin_target(std::string_view name) {
  unpin_target();
  std::string known;
  for (const Target& target : targets()) {
    if (name == target.name) {
      hwy::SetSupportedTargetsForTest(target.highway);
      dot_products_allowed() = target.dot_products;
      return;
    }
    known += (known.empty() ? "" : ", ") + target.name;
  }
  throw Error(ErrorKind::kUsage,
              "target '" + std::string(name) + "' is not to be had here; this CPU runs " + known);
}

}  // namespace rwkv
