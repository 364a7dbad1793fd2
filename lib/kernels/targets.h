// Which SIMD target the kernels run on.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rwkv {

// Names of the targets this CPU has and this library was built for, best first: Highway's ("AVX2", "AVX3",
// "NEON" ...), and those with extensions that not every CPU with AVX2, AVX3, AVX3_DL or NEON has:
// "AVX2_VNNI", "AVX3_VNNI", "AVX3_DL_BF16", "AVX3_DL_AMX" (which has BF16 too), "NEON_DOTPROD".
std::vector<std::string> supported_targets();
// The target in use.
std::string current_target();
// Makes every kernel of the process run on the named target. Not thread-safe: call it before the first
// kernel. Error kUsage when this CPU lacks it, or the library has no code for it.
void pin_target(std::string_view name);
// Back to the best target. Not thread-safe either.
void unpin_target();

// What not every CPU of a target of Highway's has.
enum class Extension : uint8_t {
  kBytes = 1,  // an instruction that multiplies bytes: VNNI with HWY_AVX2 and HWY_AVX3, SDOT with NEON
  kBf16 = 2,   // products of bf16 with HWY_AVX3_DL
  kAmx = 4,    // AMX's tiles of bytes with HWY_AVX3_DL
};
// Whether kernels of a target of Highway's use an extension: the CPU has it, and no target without it is
// pinned.
bool uses_extension(Extension extension, int64_t target);

// For tests, where the caller then carries out AMX's instructions: as if the CPU had it. Not thread-safe.
void assume_amx();

}  // namespace rwkv
