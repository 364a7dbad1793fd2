// The SIMD target that the kernels run on.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rwkv {

// Names of the targets that this CPU supports and this library contains, best first; once a target is pinned,
// that one alone. Highway's names ("AVX2", "AVX3", "NEON" ...), and with extensions that not every such CPU
// has: "AVX2_VNNI", "AVX3_VNNI", "AVX3_DL_BF16", "AVX3_DL_AMX" (which includes BF16), "NEON_DOTPROD".
std::vector<std::string> supported_targets();
// The target in use.
std::string current_target();
// Makes every kernel of the process run on the named target. Not thread-safe: call it before the first
// kernel. Error kUsage when the CPU does not support the target, or the library does not contain it.
void pin_target(std::string_view name);
// Returns to the best target. Not thread-safe.
void unpin_target();

// Instructions that some CPUs of a Highway target have and others do not.
enum class Extension : uint8_t {
  kBytes = 1,  // an instruction that multiplies bytes: VNNI with HWY_AVX2 and HWY_AVX3, SDOT with NEON
  kBf16 = 2,   // products of bf16 with HWY_AVX3_DL
  kAmx = 4,    // AMX's tiles of bytes with HWY_AVX3_DL
};
// Whether kernels of a Highway target use an extension: the CPU has it, and no target without it is
// pinned.
bool uses_extension(Extension extension, int64_t target);

// For tests that emulate AMX's instructions: pretends that the CPU has AMX. Not thread-safe.
void assume_amx();

}  // namespace rwkv
