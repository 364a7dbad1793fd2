// Which SIMD target the kernels run on.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rwkv {

// Names of the targets this CPU has and this library was built for, best first: Highway's ("AVX2", "AVX3",
// "NEON" ...), and those with an extension that multiplies bytes, which not every CPU with AVX2, AVX3,
// AVX3_DL or NEON has: "AVX2_VNNI", "AVX3_VNNI", "AVX3_DL_AMX" (and so on, of what is better),
// "NEON_DOTPROD".
std::vector<std::string> supported_targets();
// The target in use.
std::string current_target();
// Makes every kernel of the process run on the named target. Not thread-safe: call it before the first
// kernel. Error kUsage when this CPU lacks it, or the library has no code for it.
void pin_target(std::string_view name);
// Back to the best target. Not thread-safe either.
void unpin_target();

// Whether kernels of a target of Highway's multiply bytes by an extension that not all its CPUs have: VNNI
// with HWY_AVX2 and HWY_AVX3, AMX's tiles with HWY_AVX3_DL and better, SDOT with NEON.
bool uses_extension(int64_t target);

// For tests, where the caller then carries out AMX's instructions: as if the CPU had it. Not thread-safe.
void assume_amx();

}  // namespace rwkv
