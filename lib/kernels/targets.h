// Which SIMD target the kernels run on.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace rwkv {

// Names of the targets this CPU has and this library was built for, best first: Highway's ("AVX2", "AVX3",
// "NEON" ...), and "AVX2_VNNI" and "AVX3_VNNI", which are those with products of bytes by VNNI. ("AVX3_DL"
// and better always have it.)
std::vector<std::string> supported_targets();
// The target in use.
std::string current_target();
// Makes every kernel of the process run on the named target. Not thread-safe: call it before the first
// kernel. Error kUsage when this CPU lacks it, or the library has no code for it.
void pin_target(std::string_view name);
// Back to the best target. Not thread-safe either.
void unpin_target();

// Whether the kernels that Highway knows as AVX2, or as AVX3, multiply bytes by VNNI.
bool uses_avx_vnni();
bool uses_avx512_vnni();

}  // namespace rwkv
