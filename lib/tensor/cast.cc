#include "tensor/cast.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace rwkv {
namespace {

constexpr uint32_t kF32Sign = 0x8000'0000, kF32Infinity = 0x7f80'0000;
constexpr int kF16DroppedBits = 13;       // of an f32's fraction
constexpr uint32_t kF16BiasChange = 112;  // 127 - 15
constexpr uint32_t kF16QuietNan = 0x7e00, kBf16QuietBit = 0x0040;
constexpr float kF16SmallestNormal = 0x1p-14F;

// Each: how an element is stored, and its exact value as a float; and back, rounded to nearest even.
struct F16 {
  static constexpr DType kDType = DType::kF16;
  using Bits = uint16_t;
  static float widen(Bits bits) {
    const uint32_t sign = (bits & 0x8000u) << 16, magnitude = bits & 0x7fffu;
    const uint32_t rebiased = (magnitude << kF16DroppedBits) + (kF16BiasChange << 23);
    // A fraction behind 2^-14.
    const float subnormal = std::bit_cast<float>(rebiased + (1u << 23)) - kF16SmallestNormal;
    uint32_t wide = magnitude < 0x0400 ? std::bit_cast<uint32_t>(subnormal) : rebiased;
    wide += magnitude >= 0x7c00 ? kF16BiasChange << 23 : 0;  // infinity, NaN
    return std::bit_cast<float>(sign | wide);
  }
  static Bits narrow(float value) {
    const auto bits = std::bit_cast<uint32_t>(value);
    const uint32_t sign = (bits & kF32Sign) >> 16, magnitude = bits & ~kF32Sign;
    const uint32_t odd = (magnitude >> kF16DroppedBits) & 1;
    // A carry out of the fraction raises the exponent, as it should.
    const uint32_t normal = ((magnitude + 0xfff + odd) >> kF16DroppedBits) - (kF16BiasChange << 10);
    // One unit in the last place of 0.5f is the smallest f16: the addition rounds.
    const uint32_t subnormal =
        std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude) + 0.5F) - std::bit_cast<uint32_t>(0.5F);
    const uint32_t nan = kF16QuietNan | ((magnitude >> kF16DroppedBits) & 0x3ff);
    uint32_t narrow = magnitude < std::bit_cast<uint32_t>(kF16SmallestNormal) ? subnormal : normal;
    narrow = magnitude >= std::bit_cast<uint32_t>(65520.0F) ? 0x7c00 : narrow;
    narrow = magnitude > kF32Infinity ? nan : narrow;
    return static_cast<Bits>(sign | narrow);
  }
};

struct Bf16 {
  static constexpr DType kDType = DType::kBf16;
  using Bits = uint16_t;
  static float widen(Bits bits) { return std::bit_cast<float>(uint32_t{bits} << 16); }
  static Bits narrow(float value) {
    const auto bits = std::bit_cast<uint32_t>(value);
    const uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    const bool is_nan = (bits & ~kF32Sign) > kF32Infinity;
    return static_cast<Bits>(is_nan ? (bits >> 16) | kBf16QuietBit : rounded);
  }
};

// Rounded for products that round x likewise; its elements are those of bf16.
struct Bf16Bf16 : Bf16 {
  static constexpr DType kDType = DType::kBf16Bf16;
};

struct F32 {
  static constexpr DType kDType = DType::kF32;
  using Bits = uint32_t;
  static float widen(Bits bits) { return std::bit_cast<float>(bits); }
  static Bits narrow(float value) { return std::bit_cast<uint32_t>(value); }
};

struct F64 {
  static constexpr DType kDType = DType::kF64;
  using Bits = uint64_t;
};

// Rounds to odd: the last bit tells that something was cut off, so that rounding again, to fewer bits, rounds
// once.
float round_to_odd(double value) {
  const auto nearest = static_cast<float>(value);
  if (std::isnan(value) || static_cast<double>(nearest) == value) return nearest;
  auto bits = std::bit_cast<uint32_t>(nearest);
  if (std::abs(static_cast<double>(nearest)) > std::abs(value)) --bits;  // back towards zero
  return std::bit_cast<float>(bits | 1);
}

template <class From, class To>
typename To::Bits cast_one(typename From::Bits bits) {
  if constexpr (std::is_same_v<From, To>) {
    return bits;
  } else if constexpr (std::is_same_v<To, F64>) {
    return std::bit_cast<uint64_t>(static_cast<double>(From::widen(bits)));
  } else if constexpr (!std::is_same_v<From, F64>) {
    return To::narrow(From::widen(bits));
  } else if constexpr (std::is_same_v<To, F32>) {
    return F32::narrow(static_cast<float>(std::bit_cast<double>(bits)));
  } else {
    return To::narrow(round_to_odd(std::bit_cast<double>(bits)));
  }
}

template <class Type>
constexpr typename Type::Bits kInfinityOf = 0;
template <>
constexpr uint64_t kInfinityOf<F64> = 0x7ff0'0000'0000'0000;
template <>
constexpr uint32_t kInfinityOf<F32> = kF32Infinity;
template <>
constexpr uint16_t kInfinityOf<F16> = 0x7c00;
template <>
constexpr uint16_t kInfinityOf<Bf16> = 0x7f80;
template <>
constexpr uint16_t kInfinityOf<Bf16Bf16> = kInfinityOf<Bf16>;

template <class Type>
typename Type::Bits magnitude_of(typename Type::Bits bits) {
  return static_cast<typename Type::Bits>(bits & ~(typename Type::Bits{1} << (8 * sizeof bits - 1)));
}

// No branches on the elements: their signs and sizes are hard to predict.
template <class From, class To>
size_t cast_all(const std::byte* in, std::byte* out, size_t n) {
  size_t n_overflowed = 0;
  for (size_t i = 0; i < n; ++i) {
    typename From::Bits from;
    std::memcpy(&from, in + i * sizeof from, sizeof from);
    const typename To::Bits to = cast_one<From, To>(from);
    std::memcpy(out + i * sizeof to, &to, sizeof to);
    n_overflowed += static_cast<unsigned>(magnitude_of<To>(to) == kInfinityOf<To>) &
                    static_cast<unsigned>(magnitude_of<From>(from) != kInfinityOf<From>);
  }
  return n_overflowed;
}

using CastAll = size_t (*)(const std::byte*, std::byte*, size_t);

// Every float, in the order of the enum.
template <class... Types>
struct Floats {
  template <class From>
  static constexpr std::array kCastsFrom = {cast_all<From, Types>...};
  static constexpr std::array kCasts = {kCastsFrom<Types>...};  // [from][to]

  static constexpr bool in_order() {
    size_t n = 0;
    return ((static_cast<size_t>(Types::kDType) == n++) && ...) &&
           n == static_cast<size_t>(std::ranges::count(kDTypes, true, &DTypeInfo::is_float));
  }
};
using AllFloats = Floats<F64, F32, F16, Bf16, Bf16Bf16>;
static_assert(AllFloats::in_order());

}  // namespace

size_t cast_elements(DType from, std::span<const std::byte> in, DType to, std::span<std::byte> out) {
  const size_t n = in.size() / dtype_info(from).bytes;
  assert(n == out.size() / dtype_info(to).bytes);
  const CastAll cast = AllFloats::kCasts.at(static_cast<size_t>(from)).at(static_cast<size_t>(to));
  return cast(in.data(), out.data(), n);
}

}  // namespace rwkv
