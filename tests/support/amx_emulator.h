// AMX's instructions carried out by software, so that code that uses them can be tested on any CPU.
#pragma once
#include <cstddef>

namespace rwkv {

// From here on, on every thread of the process. Where the CPU has AMX, or the target that would use it cannot
// run, it does nothing and returns false.
bool emulate_amx();

// How many products of tiles have been carried out.
size_t emulated_amx_products();

}  // namespace rwkv
