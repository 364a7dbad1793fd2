#include "kernels/targets.h"

#include "core/error.h"
#include "hwy/highway.h"
#include "hwy/targets.h"

#if HWY_ARCH_X86
#include <cpuid.h>
#if HWY_OS_LINUX
#include <sys/syscall.h>
#include <unistd.h>
#endif
#elif HWY_ARCH_ARM_A64 && HWY_OS_LINUX
#include <sys/auxv.h>
#endif

namespace rwkv {
namespace {

using Extensions = unsigned;  // of their bits

struct Target {
  std::string name;
  int64_t highway;
  Extensions extensions = 0;
};

bool& amx_is_assumed() {
  static bool assumed = false;
  return assumed;
}

#if HWY_ARCH_X86
enum class Register { kEax, kEcx, kEdx };

// A bit of CPUID about an extension.
bool cpu_has(unsigned subleaf, Register in, unsigned bit) {
  constexpr unsigned kLeaf = 7;
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid_count(kLeaf, subleaf, &eax, &ebx, &ecx, &edx) == 0) return false;
  const unsigned bits = in == Register::kEax ? eax : in == Register::kEcx ? ecx : edx;
  return (bits >> bit & 1) != 0;
}

// Its registers are so large that a process must request them.
bool may_use_amx() {
#if HWY_OS_LINUX
  constexpr long kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return cpu_has(0, Register::kEdx, 24) && cpu_has(0, Register::kEdx, 25) &&
         ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}
#endif

bool cpu_has_extension([[maybe_unused]] Extension extension, [[maybe_unused]] int64_t target) {
#if HWY_ARCH_X86
  static const bool avx_vnni = cpu_has(1, Register::kEax, 4), avx512_vnni = cpu_has(0, Register::kEcx, 11),
                    avx512_bf16 = cpu_has(1, Register::kEax, 5), amx = may_use_amx();
  switch (extension) {
    case Extension::kBytes:
      return (target == HWY_AVX2 && avx_vnni) || (target == HWY_AVX3 && avx512_vnni);
    case Extension::kBf16:
      return target == HWY_AVX3_DL && avx512_bf16;
    case Extension::kAmx:
      return target == HWY_AVX3_DL && (amx || amx_is_assumed());
  }
  return false;
#elif HWY_ARCH_ARM_A64 && defined(__ARM_FEATURE_DOTPROD)
  return extension == Extension::kBytes;
#elif HWY_ARCH_ARM_A64 && HWY_OS_LINUX && !HWY_COMPILER_CLANG  // see DotProducts
  return extension == Extension::kBytes && (::getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0;
#else
  return false;
#endif
}

// This library's targets beside Highway's: an extension, the name's suffix, and all extensions in use.
struct Level {
  Extension needs;
  std::string_view suffix;
  Extensions uses;
};
constexpr Extensions bit(Extension extension) { return static_cast<Extensions>(extension); }
constexpr Level kLevels[] = {
    {Extension::kAmx, "_AMX", bit(Extension::kAmx) | bit(Extension::kBf16)},
    {Extension::kBf16, "_BF16", bit(Extension::kBf16)},
    {Extension::kBytes, HWY_ARCH_X86 ? "_VNNI" : "_DOTPROD", bit(Extension::kBytes)},
};

// The extensions of the pinned target; all extensions while none is pinned.
Extensions& allowed_extensions() {
  static Extensions allowed = ~Extensions{0};
  return allowed;
}

// The targets that Highway finds on the CPU.
std::vector<int64_t> highway_targets() {
  // If there is only one, it is taken: 1.0.3 denies NEON to CPUs without AES, such as a Raspberry Pi 4's.
  if (HWY_TARGETS == HWY_STATIC_TARGET) return {HWY_STATIC_TARGET};
  return hwy::SupportedAndGeneratedTargets();
}

std::vector<Target> targets() {
  std::vector<Target> all;
  for (const int64_t target : highway_targets()) {
    const std::string name = hwy::TargetName(target);
    for (const Level& level : kLevels) {
      if (uses_extension(level.needs, target))
        all.push_back({name + std::string(level.suffix), target, level.uses});
    }
    all.push_back({name, target});
  }
  return all;
}

}  // namespace

bool uses_extension(Extension extension, int64_t target) {
  return (allowed_extensions() & bit(extension)) != 0 && cpu_has_extension(extension, target);
}
void assume_amx() { amx_is_assumed() = true; }

std::vector<std::string> supported_targets() {
  std::vector<std::string> names;
  for (const Target& target : targets()) names.push_back(target.name);
  return names;
}

std::string current_target() { return supported_targets().front(); }

void unpin_target() {
  hwy::SetSupportedTargetsForTest(0);
  allowed_extensions() = ~Extensions{0};
}

void pin_target(std::string_view name) {
  unpin_target();
  std::string known;
  for (const Target& target : targets()) {
    if (name == target.name) {
      hwy::SetSupportedTargetsForTest(target.highway);
      allowed_extensions() = target.extensions;
      return;
    }
    known += (known.empty() ? "" : ", ") + target.name;
  }
  throw Error(ErrorKind::kUsage, "unknown target '" + std::string(name) + "': this CPU supports " + known);
}

}  // namespace rwkv
