// Which SIMD target the kernels run on.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace rwkv {

// Names of the targets this CPU has and this library was built for, best first: Highway's ("AVX2", "AVX3",
// "NEON" ...), and "AVX2_VNNI" and "NEON_DOTPROD", which multiply bytes by an instruction that not every CPU
// with AVX2 or NEON has.
std::vector<std::string> supported_targets();
// The target in use.
std::string current_target();
// Makes every kernel of the process run on the named target. Not thread-safe: call it before the first
// kernel. Error kUsage when this CPU lacks it, or the library has no code for it.
void pin_target(std::string_view name);
// Back to the best target. Not thread-safe either.
void unpin_target();

// Whether the kernels that Highway knows as AVX2 multiply bytes by AVX-VNNI, those it knows as NEON by SDOT.
bool uses_dot_products();

}  // namespace rwkv
