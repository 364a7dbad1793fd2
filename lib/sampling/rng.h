// Random numbers without memory: seed and position determine the number.
#pragma once
#include <cstdint>

namespace rwkv {

// Number `position` of the sequence of `seed`: a multiple of 2^-53 in [0, 1). Nearby seeds give unrelated
// sequences. The mixing function is SplitMix64's (Steele, Lea and Flood, OOPSLA 2014, with Vigna's
// constants).
double uniform(uint64_t seed, uint64_t position);

}  // namespace rwkv
