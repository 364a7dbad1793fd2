// Which SIMD target the kernels run on.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rwkv {

// Names of the targets this CPU has and this library was built for, best first: Highway's ("AVX2", "AVX3",
// "NEON" ...), and "AVX2_VNNI", "AVX3_VNNI" and "NEON_DOTPROD", which multiply bytes by an instruction that
// not every CPU with AVX2, AVX3 or NEON has. ("AVX3_DL" and better always have it.)
std::vector<std::string> supported_targets();
// The target in use.
std::string current_target();
// Makes every kernel of the process run on the named target. Not thread-safe: call it before the first
// kernel. Error kUsage when this CPU lacks it, or the library has no code for it.
void pin_target(std::string_view name);
// Back to the best target. Not thread-safe either.
void unpin_target();

// Whether kernels of a target of Highway's multiply bytes by an instruction that not all its CPUs have: VNNI
// with HWY_AVX2 and HWY_AVX3, SDOT with NEON.
bool uses_dot_products(int64_t target);

}  // namespace rwkv
