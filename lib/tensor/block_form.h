// Where the codes and scales of quantised blocks are in a packed matrix.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "tensor/packed_layout.h"
#include "tensor/quantize.h"

namespace rwkv {

constexpr bool is_tiles(Layout layout) { return layout == Layout::kTiles || layout == Layout::kTurnedTiles; }

// Codes are stored in planes, each of so many of their bits: those from `first` on.
struct Plane {
  unsigned first, bits;

  size_t codes_of_byte() const { return 8 / bits; }
  // Of the bits in each byte of a word.
  template <class Word>
  Word mask() const {
    return static_cast<Word>(((1U << bits) - 1) * 0x01010101U);
  }
};

template <class Word>
Word word_at(const void* bytes) {
  Word word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// As few as hold a code: of 8 bits one, of 6 the low 4 and the upper 2.
struct Planes {
  std::array<Plane, 2> all;
  size_t count = 0;

  explicit Planes(size_t bits) {
    for (unsigned first = 0, width = 8; first < bits; width /= 2) {
      if (first + width > bits) continue;
      all.at(count++) = {first, width};
      first += width;
    }
  }
  size_t size() const { return count; }
  const Plane& operator[](size_t i) const { return all[i]; }
};

// Where a code is in a plane.
struct CodePlace {
  size_t byte;
  unsigned shift;
};

// Where in a strip a block's scale and the first code in each plane are.
struct BlockPlace {
  size_t scale;
  std::array<CodePlace, 2> first;
};

// A quantised matrix in a layout, outputs of `length` elements, of which a block holds 32.
struct BlockForm {
  DType dtype;
  Layout layout;
  uint64_t length;
  Planes planes;
  std::array<std::array<CodePlace, kQuantBlock>, 2> code;  // in each plane, from the block's first on

  BlockForm(DType type, Layout form, uint64_t output_length)
      : dtype(type), layout(form), length(output_length), planes(code_bits(type)) {
    for (size_t p = 0; p < planes.size(); ++p) {
      for (size_t i = 0; i < kQuantBlock; ++i) code[p][i] = code_place(planes[p], i);
    }
  }

  // Blocks of an output that a strip has room for.
  uint64_t n_blocks() const {
    const uint64_t unit = is_tiles(layout) ? kTileUnit : kQuantBlock;
    return (length + unit - 1) / unit * (unit / kQuantBlock);
  }
  // Block `block` of an output, which is the given lane of its strip.
  BlockPlace block(size_t lane, uint64_t block) const {
    BlockPlace place{scale_place(lane, block), {}};
    for (size_t p = 0; p < planes.size(); ++p) place.first[p] = first_place(planes[p], lane, block);
    return place;
  }
  QuantisedBlock load(const std::byte* strip, const BlockPlace& place) const {
    QuantisedBlock block{};
    for_each_word(place, [&](auto word, const Plane& plane, size_t i, const CodePlace& at) {
      using Word = decltype(word);
      const Word bits = static_cast<Word>(word_at<Word>(strip + at.byte) >> at.shift) & plane.mask<Word>();
      const Word codes = static_cast<Word>(word_at<Word>(&block.codes[i]) | bits << plane.first);
      std::memcpy(&block.codes[i], &codes, sizeof codes);
    });
    std::memcpy(&block.scale, strip + place.scale, sizeof block.scale);
    return block;
  }
  // Into zeros.
  void store(const QuantisedBlock& block, std::byte* strip, const BlockPlace& place) const {
    for_each_word(place, [&](auto word, const Plane& plane, size_t i, const CodePlace& at) {
      using Word = decltype(word);
      const Word bits = static_cast<Word>(word_at<Word>(&block.codes[i]) >> plane.first) & plane.mask<Word>();
      const Word bytes = static_cast<Word>(word_at<Word>(strip + at.byte) | bits << at.shift);
      std::memcpy(strip + at.byte, &bytes, sizeof bytes);
    });
    std::memcpy(strip + place.scale, &block.scale, sizeof block.scale);
  }
  BlockValues values(const std::byte* strip, const BlockPlace& place) const {
    return values_of(dtype, load(strip, place));
  }

 private:
  // body(Word(), plane, first code, its place) for as many codes at a time as a word has bytes: four where
  // they lie side by side.
  template <class Body>
  void for_each_word(const BlockPlace& place, Body&& body) const {
    if (layout == Layout::kLines) return for_each_word<uint8_t>(place, body);
    for_each_word<uint32_t>(place, body);
  }
  template <class Word, class Body>
  void for_each_word(const BlockPlace& place, Body&& body) const {
    for (size_t p = 0; p < planes.size(); ++p) {
      for (size_t i = 0; i < kQuantBlock; i += sizeof(Word)) {
        body(Word(), planes[p], i,
             CodePlace{place.first[p].byte + code[p][i].byte, place.first[p].shift + code[p][i].shift});
      }
    }
  }

  size_t scale_place(size_t lane, uint64_t block) const {
    if (layout == Layout::kLines)
      return block * line_block_bytes(dtype) + kQuantBlock * line_bytes(dtype) + 2 * lane;
    if (layout == Layout::kOutIn) return n_blocks() * kQuantBlock * code_bits(dtype) / 8 + 2 * block;
    return block / 2 * unit_bytes(dtype) + unit_code_bytes(dtype) + (block % 2 * kTileOutputs + lane) * 2;
  }

  CodePlace first_place(const Plane& plane, size_t lane, uint64_t block) const {
    const size_t bits_before = plane.first;  // of a code, in planes whose bytes stand before this one's
    if (layout == Layout::kLines) {
      const size_t group =
          lane / kLineGroup * kLineGroup * code_bits(dtype) / 8 + kLineGroup * bits_before / 8;
      const size_t position = line_position(lane % kLineGroup), apart = kLineGroup / plane.codes_of_byte();
      return {block * line_block_bytes(dtype) + group + position % apart,
              static_cast<unsigned>(position / apart) * plane.bits};
    }
    if (layout == Layout::kOutIn) return {kQuantBlock * (block * code_bits(dtype) + bits_before) / 8, 0};
    const size_t half_bytes = kTileOutputs * kQuantBlock * plane.bits / 8;
    return {block / 2 * unit_bytes(dtype) + kTileOutputs * kTileUnit * bits_before / 8 +
                block % 2 * half_bytes + lane * 4,
            0};
  }

  CodePlace code_place(const Plane& plane, size_t i) const {
    constexpr size_t kGroupBytes = 4 * kTileOutputs;
    if (layout == Layout::kLines) return {i * line_bytes(dtype), 0};
    const size_t shared = plane.codes_of_byte();
    if (is_tiles(layout))
      return {i / 4 / shared * kGroupBytes + i % 4, static_cast<unsigned>(i / 4 % shared) * plane.bits};
    const size_t apart = kQuantBlock / shared;
    return {i % apart, static_cast<unsigned>(i / apart) * plane.bits};
  }
};

}  // namespace rwkv
