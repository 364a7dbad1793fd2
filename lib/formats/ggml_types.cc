#include "formats/ggml_types.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <cstring>

#include "core/error.h"
#include "tensor/cast.h"

namespace rwkv {
namespace {

constexpr size_t kMaxBlockElements = 256;

// Unaligned little-endian numbers of a block, by their byte offset.
struct Block {
  const std::byte* bytes;

  int unsigned8(size_t at) const { return std::to_integer<int>(bytes[at]); }
  int signed8(size_t at) const { return static_cast<int8_t>(bytes[at]); }
  template <class Word>
  Word word(size_t at) const {
    Word word;
    std::memcpy(&word, bytes + at, sizeof word);
    return word;
  }
  float half(size_t at) const {
    float value;
    cast_elements(DType::kF16, {bytes + at, 2}, DType::kF32, std::as_writable_bytes(std::span(&value, 1)));
    return value;
  }
};

// 32 elements: scale, perhaps a minimum, perhaps the elements' fifth bits, and 16 bytes whose low halves are
// elements 0 to 15 and whose high halves are 16 to 31.
template <bool HasMinimum, bool HasFifthBit>
void decode_nibbles(const std::byte* bytes, float* out) {
  constexpr size_t kFifthBits = HasMinimum ? 4 : 2, kNibbles = kFifthBits + (HasFifthBit ? 4 : 0);
  constexpr int kZero = HasMinimum ? 0 : HasFifthBit ? 16 : 8;
  const Block block{bytes};
  const float scale = block.half(0), minimum = HasMinimum ? block.half(2) : 0;
  const uint32_t fifth_bits = HasFifthBit ? block.word<uint32_t>(kFifthBits) : 0;
  const auto element = [&](int nibble, size_t i) {
    const int code = nibble + static_cast<int>((fifth_bits >> i) & 1) * 16 - kZero;
    const float scaled = static_cast<float>(code) * scale;
    return HasMinimum ? scaled + minimum : scaled;
  };
  for (size_t j = 0; j < 16; ++j) {
    const int both = block.unsigned8(kNibbles + j);
    out[j] = element(both & 15, j);
    out[j + 16] = element(both >> 4, j + 16);
  }
}

// 32 elements: scale and bytes.
void decode_q8_0(const std::byte* bytes, float* out) {
  const Block block{bytes};
  const float scale = block.half(0);
  for (size_t j = 0; j < 32; ++j) out[j] = static_cast<float>(block.signed8(2 + j)) * scale;
}

// Two bits of each of 128 elements lie in 32 bytes, four elements a byte: element 32 k + l has bits 2 k of
// byte l.
int two_bits(const Block& block, size_t at, size_t k, size_t l) {
  return (block.unsigned8(at + l) >> (2 * k)) & 3;
}

// 256 elements in sixteenths, each with a scale of four bits and a minimum of four bits.
void decode_q2_k(const std::byte* bytes, float* out) {
  constexpr size_t kCodes = 16, kScale = 80, kMinimum = 82;
  const Block block{bytes};
  const float scale = block.half(kScale), minimum = block.half(kMinimum);
  for (size_t sixteenth = 0; sixteenth < 16; ++sixteenth) {
    const int both = block.unsigned8(sixteenth);
    const float own_scale = scale * static_cast<float>(both & 15);
    const float own_minimum = minimum * static_cast<float>(both >> 4);
    const size_t half = sixteenth / 8, k = sixteenth % 8 / 2, l = sixteenth % 2 * 16;
    for (size_t j = 0; j < 16; ++j) {
      const int code = two_bits(block, kCodes + 32 * half, k, l + j);
      out[16 * sixteenth + j] = own_scale * static_cast<float>(code) - own_minimum;
    }
  }
}

// 256 elements in sixteenths, each with a scale of six bits; the elements' third bits lie apart.
void decode_q3_k(const std::byte* bytes, float* out) {
  constexpr size_t kThirdBits = 0, kCodes = 32, kScales = 96, kScale = 108;
  const Block block{bytes};
  const float scale = block.half(kScale);
  for (size_t sixteenth = 0; sixteenth < 16; ++sixteenth) {
    const int low = block.unsigned8(kScales + sixteenth % 8) >> (sixteenth / 8 * 4) & 15;
    const int high = block.unsigned8(kScales + 8 + sixteenth % 4) >> (sixteenth / 4 * 2) & 3;
    const float own_scale = scale * static_cast<float>(low + 16 * high - 32);
    const size_t half = sixteenth / 8, k = sixteenth % 8 / 2, l = sixteenth % 2 * 16;
    for (size_t j = 0; j < 16; ++j) {
      const int third_bit = block.unsigned8(kThirdBits + l + j) >> (4 * half + k) & 1;
      const int code = two_bits(block, kCodes + 32 * half, k, l + j) + 4 * third_bit - 4;
      out[16 * sixteenth + j] = own_scale * static_cast<float>(code);
    }
  }
}

// Scale and minimum, of six bits each, of eighth i of a block: 12 bytes hold those of all.
struct ScaleAndMinimum {
  int scale, minimum;
};
ScaleAndMinimum six_bits(const Block& block, size_t at, size_t i) {
  const auto byte = [&](size_t j) { return block.unsigned8(at + j); };
  if (i < 4) return {byte(i) & 63, byte(i + 4) & 63};
  return {(byte(i + 4) & 15) + 16 * (byte(i - 4) >> 6), (byte(i + 4) >> 4) + 16 * (byte(i) >> 6)};
}

// 256 elements in eighths of 32; two eighths share the bytes of their nibbles.
template <bool HasFifthBit>
void decode_eighths(const std::byte* bytes, float* out) {
  constexpr size_t kScales = 4, kFifthBits = 16, kNibbles = HasFifthBit ? 48 : 16;
  const Block block{bytes};
  const float scale = block.half(0), minimum = block.half(2);
  for (size_t eighth = 0; eighth < 8; ++eighth) {
    const ScaleAndMinimum own = six_bits(block, kScales, eighth);
    const float own_scale = scale * static_cast<float>(own.scale);
    const float own_minimum = minimum * static_cast<float>(own.minimum);
    for (size_t j = 0; j < 32; ++j) {
      int code = block.unsigned8(kNibbles + eighth / 2 * 32 + j) >> (eighth % 2 * 4) & 15;
      if (HasFifthBit) code += (block.unsigned8(kFifthBits + j) >> eighth & 1) * 16;
      out[32 * eighth + j] = own_scale * static_cast<float>(code) - own_minimum;
    }
  }
}

// 256 elements in sixteenths, each with a scale of eight bits; the elements' upper two bits lie apart.
void decode_q6_k(const std::byte* bytes, float* out) {
  constexpr size_t kNibbles = 0, kUpperBits = 128, kScales = 192, kScale = 208;
  const Block block{bytes};
  const float scale = block.half(kScale);
  for (size_t sixteenth = 0; sixteenth < 16; ++sixteenth) {
    const float own_scale = scale * static_cast<float>(block.signed8(kScales + sixteenth));
    const size_t half = sixteenth / 8, k = sixteenth % 8 / 2, l = sixteenth % 2 * 16;
    for (size_t j = 0; j < 16; ++j) {
      const int nibble = block.unsigned8(kNibbles + 64 * half + k % 2 * 32 + l + j) >> (k / 2 * 4) & 15;
      const int code = nibble + 16 * two_bits(block, kUpperBits + 32 * half, k, l + j) - 32;
      out[16 * sixteenth + j] = own_scale * static_cast<float>(code);
    }
  }
}

// The levels of IQ4's codes.
constexpr std::array<int8_t, 16> kLevels = {-127, -104, -83, -65, -49, -35, -22, -10,
                                            1,    13,   25,  38,  53,  69,  89,  113};

void decode_levels(const Block& block, size_t at, float scale, float* out) {
  for (size_t j = 0; j < 16; ++j) {
    const auto both = static_cast<size_t>(block.unsigned8(at + j));
    out[j] = scale * static_cast<float>(kLevels[both & 15]);
    out[j + 16] = scale * static_cast<float>(kLevels[both >> 4]);
  }
}

void decode_iq4_nl(const std::byte* bytes, float* out) {
  const Block block{bytes};
  decode_levels(block, 2, block.half(0), out);
}

// 256 elements in eighths, each with a scale of six bits.
void decode_iq4_xs(const std::byte* bytes, float* out) {
  constexpr size_t kUpperBits = 2, kLowerBits = 4, kCodes = 8;
  const Block block{bytes};
  const float scale = block.half(0);
  const int upper_bits = block.word<uint16_t>(kUpperBits);
  for (size_t eighth = 0; eighth < 8; ++eighth) {
    const int lower = block.unsigned8(kLowerBits + eighth / 2) >> (eighth % 2 * 4) & 15;
    const int upper = upper_bits >> (2 * eighth) & 3;
    const float own_scale = scale * static_cast<float>(lower + 16 * upper - 32);
    decode_levels(block, kCodes + 16 * eighth, own_scale, out + 32 * eighth);
  }
}

constexpr std::array kTypes = {
    GgmlType{0, "F32", DType::kF32, 1, 4, nullptr},
    GgmlType{1, "F16", DType::kF16, 1, 2, nullptr},
    GgmlType{30, "BF16", DType::kBf16, 1, 2, nullptr},
    GgmlType{2, "Q4_0", DType::kF32, 32, 18, decode_nibbles<false, false>},
    GgmlType{3, "Q4_1", DType::kF32, 32, 20, decode_nibbles<true, false>},
    GgmlType{6, "Q5_0", DType::kF32, 32, 22, decode_nibbles<false, true>},
    GgmlType{7, "Q5_1", DType::kF32, 32, 24, decode_nibbles<true, true>},
    GgmlType{8, "Q8_0", DType::kF32, 32, 34, decode_q8_0},
    GgmlType{10, "Q2_K", DType::kF32, 256, 84, decode_q2_k},
    GgmlType{11, "Q3_K", DType::kF32, 256, 110, decode_q3_k},
    GgmlType{12, "Q4_K", DType::kF32, 256, 144, decode_eighths<false>},
    GgmlType{13, "Q5_K", DType::kF32, 256, 176, decode_eighths<true>},
    GgmlType{14, "Q6_K", DType::kF32, 256, 210, decode_q6_k},
    GgmlType{20, "IQ4_NL", DType::kF32, 32, 18, decode_iq4_nl},
    GgmlType{23, "IQ4_XS", DType::kF32, 256, 136, decode_iq4_xs},
};

const GgmlType* found_or_null(const GgmlType* found) { return found == kTypes.end() ? nullptr : found; }

}  // namespace

std::span<const GgmlType> ggml_types() { return kTypes; }
const GgmlType* find_ggml_type(uint32_t id) {
  return found_or_null(std::ranges::find(kTypes, id, &GgmlType::id));
}
const GgmlType* find_ggml_type(std::string_view name) {
  return found_or_null(std::ranges::find(kTypes, name, &GgmlType::name));
}

void decode_ggml(const GgmlType& type, std::span<const std::byte> blocks, uint64_t first,
                 std::span<float> out) {
  assert(type.decode != nullptr && type.block_elements <= kMaxBlockElements);
  std::array<float, kMaxBlockElements> whole;
  while (!out.empty()) {
    const std::byte* block = blocks.data() + first / type.block_elements * type.block_bytes;
    const uint64_t skipped = first % type.block_elements;
    const size_t n = std::min<size_t>(out.size(), type.block_elements - skipped);
    if (n == type.block_elements) {
      type.decode(block, out.data());
    } else {
      type.decode(block, whole.data());
      std::copy_n(whole.data() + skipped, n, out.data());
    }
    first += n;
    out = out.subspan(n);
  }
}

void encode_q8_0(std::span<const float> elements, std::span<std::byte> out) {
  constexpr size_t kElements = 32, kBytes = 34;
  constexpr float kMaxMagnitude = 65504.0F * 127;
  assert(elements.size() % kElements == 0 && out.size() == elements.size() / kElements * kBytes);
  for (; !elements.empty(); elements = elements.subspan(kElements), out = out.subspan(kBytes)) {
    const auto block = elements.first(kElements);
    float largest = 0;
    for (const float element : block)
      largest = std::isnan(element) ? element : std::max(largest, std::abs(element));
    if (!(largest <= kMaxMagnitude))
      throw Error(ErrorKind::kFormat, "a weight that is not finite, or too large for Q8_0");
    const float scale = largest / 127, inverse = scale != 0 ? 1 / scale : 0;
    cast_elements(DType::kF32, std::as_bytes(std::span(&scale, 1)), DType::kF16, out.first(2));
    for (size_t j = 0; j < kElements; ++j)
      out[2 + j] = static_cast<std::byte>(static_cast<int>(std::round(block[j] * inverse)));
  }
}

}  // namespace rwkv
