#include "formats/ggml_types.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <vector>

#include "core/error.h"

namespace rwkv {
namespace {

// Three blocks of random bytes, and what another decoder (the Python package gguf 0.19) makes of them:
// elements 0, 1, 17 and the last, and the FNV-1a hash of the bytes of all.
struct Decoded {
  std::string_view type;
  std::vector<size_t> halves;  // where a block holds 16-bit floats, which get a moderate exponent
  std::array<float, 4> elements;
  uint64_t hash;
};
const std::vector<Decoded> kDecoded = {
    {"Q4_0",
     {0},
     {-0.081787109375F, 0.051116943359375F, 0.030670166015625F, 0.0675048828125F},
     0xe6e4fdb715d2519b},
    {"Q4_1",
     {0, 2},
     {-0.03191375732421875F, -0.12288665771484375F, -0.12288665771484375F, -0.0551910400390625F},
     0x525f025de9ddc3d6},
    {"Q5_0",
     {0},
     {-0.1705780029296875F, 0.15839385986328125F, -0.0243682861328125F, 0.027557373046875F},
     0x5c8b5b31c858e30b},
    {"Q5_1",
     {0, 2},
     {-0.02118682861328125F, -0.12349700927734375F, -0.16442108154296875F, -0.09017181396484375F},
     0x3c396082e134eca2},
    {"Q8_0",
     {0},
     {0.777557373046875F, -0.1023101806640625F, -0.6854782104492188F, -0.36182403564453125F},
     0x7748c065d7fa4e18},
    {"Q2_K",
     {80, 82},
     {0.20391082763671875F, 0.36875152587890625F, 0.0260467529296875F, 0.0204315185546875F},
     0x799742c6c12e1a5a},
    {"Q3_K",
     {108},
     {0.7082061767578125F, -0.94427490234375F, -0.4983673095703125F, -0.479736328125F},
     0x2721333f6d2057e5},
    {"Q4_K",
     {0, 2},
     {3.4931869506835938F, 4.5060577392578125F, 2.1426925659179688F, -2.0149383544921875F},
     0x3af1bfe3ff1c9178},
    {"Q5_K",
     {0, 2},
     {0.83404541015625F, 1.32513427734375F, 0.220184326171875F, -0.50311279296875F},
     0x611ba3682860ae54},
    {"Q6_K",
     {208},
     {6.103172302246094F, -1.877899169921875F, -45.67535400390625F, 19.057945251464844F},
     0x2fce1f9a71fb034b},
    {"IQ4_NL",
     {0},
     {-0.9194183349609375F, 0.0141448974609375F, -0.311187744140625F, 0.96246337890625F},
     0xbb91371cf8eff617},
    {"IQ4_XS",
     {0},
     {3.583526611328125F, 1.02386474609375F, -9.112396240234375F, -3.0677032470703125F},
     0x1605acfeda41109d},
};

constexpr size_t kBlocks = 3;

std::vector<std::byte> random_blocks(const GgmlType& type, const std::vector<size_t>& halves) {
  std::vector<std::byte> bytes(kBlocks * type.block_bytes);
  uint32_t state = type.id;
  for (std::byte& byte : bytes) {
    state = state * 1664525 + 1013904223;
    byte = static_cast<std::byte>(state >> 24);
  }
  for (size_t block = 0; block < kBlocks; ++block) {
    for (const size_t half : halves) {
      std::byte& upper = bytes[block * type.block_bytes + half + 1];
      upper = (upper & std::byte{0x83}) | std::byte{0x20};
    }
  }
  return bytes;
}

std::vector<float> decoded(const GgmlType& type, std::span<const std::byte> blocks) {
  std::vector<float> elements(kBlocks * type.block_elements);
  decode_ggml(type, blocks, 0, elements);
  return elements;
}

uint64_t hash_of(std::span<const float> elements) {
  uint64_t hash = 1469598103934665603U;
  for (const std::byte byte : std::as_bytes(elements))
    hash = (hash ^ std::to_integer<uint64_t>(byte)) * 1099511628211U;
  return hash;
}

TEST(GgmlTypes, BlocksAreDecodedAsAnotherDecoderDoes) {
  for (const Decoded& want : kDecoded) {
    const GgmlType& type = *find_ggml_type(want.type);
    const auto elements = decoded(type, random_blocks(type, want.halves));
    EXPECT_EQ(elements[0], want.elements[0]) << want.type;
    EXPECT_EQ(elements[1], want.elements[1]) << want.type;
    EXPECT_EQ(elements[17], want.elements[2]) << want.type;
    EXPECT_EQ(elements.back(), want.elements[3]) << want.type;
    EXPECT_EQ(hash_of(elements), want.hash) << want.type;
  }
}

TEST(GgmlTypes, EveryTypeWithBlocksIsTested) {
  size_t n_with_blocks = 0;
  for (const GgmlType& type : ggml_types()) {
    if (type.decode != nullptr) ++n_with_blocks;
    EXPECT_EQ(find_ggml_type(type.id), &type);
  }
  EXPECT_EQ(n_with_blocks, kDecoded.size());
}

TEST(GgmlTypes, APartOfATensorIsThatPartOfTheWhole) {
  for (const Decoded& want : kDecoded) {
    const GgmlType& type = *find_ggml_type(want.type);
    const auto blocks = random_blocks(type, want.halves);
    const auto elements = decoded(type, blocks);
    for (const size_t first : {size_t{0}, size_t{1}, size_t{type.block_elements}, size_t{40}}) {
      for (const size_t n : {size_t{0}, size_t{3}, size_t{type.block_elements}, elements.size() - first}) {
        std::vector<float> part(n);
        decode_ggml(type, blocks, first, part);
        for (size_t i = 0; i < n; ++i) ASSERT_EQ(part[i], elements[first + i]) << want.type;
      }
    }
  }
}

// A value of each kind that can be read off the bytes by hand: scale 1 (0x3c00), minimum 2 (0x4000).
TEST(GgmlTypes, BlocksByHand) {
  std::vector<std::byte> block(24);
  block[1] = std::byte{0x3c};
  block[2] = std::byte{0xf3};  // elements 0 and 16 are 3 and 15 of 16, 8 being zero
  std::vector<float> out(32);
  decode_ggml(*find_ggml_type("Q4_0"), block, 0, out);
  EXPECT_EQ(out[0], -5);
  EXPECT_EQ(out[16], 7);
  EXPECT_EQ(out[1], -8);
  block = std::vector<std::byte>(24);
  block[1] = std::byte{0x3c};
  block[3] = std::byte{0x40};
  block[6] = std::byte{0x01};  // element 16's fifth bit
  block[8] = std::byte{0xf3};
  decode_ggml(*find_ggml_type("Q5_1"), block, 0, out);
  EXPECT_EQ(out[0], 5);
  EXPECT_EQ(out[16], 33);
  EXPECT_EQ(out[1], 2);
}

// Bytes: quantize() of the Python package gguf 0.19.
TEST(GgmlTypes, Q8_0IsEncodedAsAnotherEncoderDoes) {
  std::vector<float> elements(64);
  for (size_t i = 0; i < elements.size(); ++i)
    elements[i] = static_cast<float>((static_cast<int>(i) * 37) % 101 - 50) / (i < 32 ? 7.0F : 1000.0F);
  std::vector<std::byte> blocks(68);
  encode_q8_0(elements, blocks);
  std::string hex;
  for (const std::byte byte : blocks) {
    hex += "0123456789abcdef"[std::to_integer<size_t>(byte >> 4)];
    hex += "0123456789abcdef"[std::to_integer<size_t>(byte & std::byte{15})];
  }
  EXPECT_EQ(hex,
            "332b81df3d9af856b41270cd2b89e745a2005ebb1977d53390ee4caa0866c3217fdc520e3c96f656b0106fca2984e343"
            "9efd5db7"
            "1777d1318beb4ba50565bf1f7fd93993");
  elements = std::vector<float>(32, 0.0F);
  encode_q8_0(elements, std::span(blocks).first(34));
  EXPECT_EQ(blocks[0], std::byte{0});
  for (const float bad :
       {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN(), 1e7F}) {
    elements[5] = bad;
    EXPECT_THROW(encode_q8_0(elements, std::span(blocks).first(34)), Error);
  }
}

TEST(GgmlTypes, UnknownTypesAreNotFound) {
  EXPECT_EQ(find_ggml_type(4), nullptr);  // Q4_2, long gone
  EXPECT_EQ(find_ggml_type("Q8_K"), nullptr);
}

}  // namespace
}  // namespace rwkv
