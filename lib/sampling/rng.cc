#include "sampling/rng.h"

namespace rwkv {
namespace {

constexpr uint64_t kGoldenGamma = 0x9E3779B97F4A7C15;

constexpr uint64_t mix(uint64_t z) {
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

}  // namespace

double uniform(uint64_t seed, uint64_t position) {
  // The seed is mixed first: without it, sequence s + 1 would be sequence s moved by a few places.
  const uint64_t bits = mix(mix(seed + kGoldenGamma) + (position + 1) * kGoldenGamma);
  return static_cast<double>(bits >> 11) * 0x1p-53;
}

}  // namespace rwkv
