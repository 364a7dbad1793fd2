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

bool cpu_has_dot_products() {
#if HWY_ARCH_X86
  constexpr unsigned kLeaf = 7, kSubleaf = 1, kBitOfEax = 4;
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid_count(kLeaf, kSubleaf, &eax, &ebx, &ecx, &edx) != 0 && (eax >> kBitOfEax & 1) != 0;
#elif HWY_ARCH_ARM_A64 && HWY_OS_LINUX
  return (::getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#elif HWY_ARCH_ARM_A64 && defined(__ARM_FEATURE_DOTPROD)
  return true;
#else
  return false;
#endif
}

// With Highway's own choice, that of the process.
bool& dot_products_in_use() {
  static bool in_use = cpu_has_dot_products();
  return in_use;
}

// Of those that Highway says the CPU has.
std::vector<int64_t> highway_targets() {
  // Where there is but one, it is not asked: 1.0.3 denies NEON to CPUs without AES, as a Raspberry Pi 4's.
  if (HWY_TARGETS == HWY_STATIC_TARGET) return {HWY_STATIC_TARGET};
  return hwy::SupportedAndGeneratedTargets();
}

// Its name with an instruction for sums of products of bytes that not all its CPUs have; else empty.
std::string name_with_dot_products(int64_t target) {
  if (HWY_ARCH_ARM_A64) return hwy::TargetName(target) + std::string("_DOTPROD");
  return target == HWY_AVX2 ? "AVX2_VNNI" : "";
}

std::vector<Target> targets() {
  std::vector<Target> all;
  for (const int64_t target : highway_targets()) {
    const std::string name = name_with_dot_products(target);
    if (!name.empty() && uses_dot_products()) all.push_back({name, target, true});
    all.push_back({hwy::TargetName(target), target});
  }
  return all;
}

}  // namespace

bool uses_dot_products() { return dot_products_in_use(); }

std::vector<std::string> supported_targets() {
  std::vector<std::string> names;
  for (const Target& target : targets()) names.push_back(target.name);
  return names;
}

std::string current_target() { return supported_targets().front(); }

void unpin_target() {
  hwy::SetSupportedTargetsForTest(0);
  dot_products_in_use() = cpu_has_dot_products();
}

void pin_target(std::string_view name) {
  unpin_target();
  std::string known;
  for (const Target& target : targets()) {
    if (name == target.name) {
      hwy::SetSupportedTargetsForTest(target.highway);
      dot_products_in_use() = target.dot_products;
      return;
    }
    known += (known.empty() ? "" : ", ") + target.name;
  }
  throw Error(ErrorKind::kUsage,
              "target '" + std::string(name) + "' is not to be had here; this CPU runs " + known);
}

}  // namespace rwkv
