#include "tensor/pack.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cassert>
#include <cmath>
#include <cstring>
#include <vector>

#include "core/error.h"
#include "tensor/cast.h"
#include "tensor/quantize.h"

namespace rwkv {
namespace {

using Bytes = std::span<const std::byte>;

// Lines are the outputs of a matrix stored output by output or in tiles, the inputs of one stored input by
// input.
struct StoredLines {
  uint64_t count, length;
};

StoredLines lines_of(Layout layout, const Shape& shape) {
  return layout == Layout::kInOut ? StoredLines{shape.at(1), shape.at(0)}
                                  : StoredLines{shape.at(0), shape.at(1)};
}

// Lines that a strip holds.
size_t lanes_of(DType dtype, Layout layout) {
  if (layout == Layout::kTiles) return kTileOutputs;
  return layout == Layout::kInOut && is_quantised(dtype) ? kQuantBlock : 1;
}

// Part of a matrix: elements [begin, end) of lines [first, last), and where in the output each goes.
struct Part {
  uint64_t first, last, begin, end;
  uint64_t line_stride, element_stride;

  uint64_t target(uint64_t line, uint64_t element) const {
    return (line - first) * line_stride + (element - begin) * element_stride;
  }
};

// ---- wide elements

// Position of an element in wide tiles.
uint64_t tile_position(DType dtype, uint64_t length, uint64_t line, uint64_t element) {
  const uint64_t tile = line / kTileOutputs, lane = line % kTileOutputs;
  if (dtype != DType::kBf16) return (tile * length + element) * kTileOutputs + lane;
  const uint64_t pairs = (length + 1) / 2;
  return ((tile * pairs + element / 2) * kTileOutputs + lane) * 2 + element % 2;
}

template <size_t kBytes, class Position>
void gather(Bytes from, const Part& part, const Position& position, std::byte* to) {
  for (uint64_t line = part.first; line < part.last; ++line) {
    for (uint64_t i = part.begin; i < part.end; ++i)
      std::memcpy(to + part.target(line, i) * kBytes, from.data() + position(line, i) * kBytes, kBytes);
  }
}

template <size_t kBytes>
void gather_wide(const TensorView& m, const Part& part, std::byte* to) {
  const uint64_t length = lines_of(m.layout, m.shape).length;
  if (m.layout == Layout::kTiles) {
    return gather<kBytes>(
        m.bytes, part, [&](uint64_t line, uint64_t i) { return tile_position(m.dtype, length, line, i); },
        to);
  }
  gather<kBytes>(
      m.bytes, part, [&](uint64_t line, uint64_t i) { return line * length + i; }, to);
}

using GatherWide = void (*)(const TensorView&, const Part&, std::byte*);

GatherWide gather_for(DType dtype) {
  const size_t bytes = dtype_info(dtype).bytes;
  return bytes == 2 ? gather_wide<2> : bytes == 4 ? gather_wide<4> : gather_wide<8>;
}

// ---- quantised blocks

// Where in a strip a block's codes and scale are, and by how many bits its codes are shifted more than
// others.
struct BlockPlace {
  size_t codes, scale;
  unsigned shift = 0;
};

// Where, from the block's first code on, one is.
struct CodePlace {
  size_t byte;
  unsigned shift;
};

// q8 or q4 in a layout, lines of `length` elements. A block holds 32 elements of a line; when kInOut, one
// element each of the strip's 32 lines.
struct BlockForm {
  bool q4;
  Layout layout;
  uint64_t length;
  std::array<CodePlace, kQuantBlock> code;

  BlockForm(DType dtype, Layout form, uint64_t line_length)
      : q4(dtype == DType::kQ4), layout(form), length(line_length) {
    for (size_t i = 0; i < kQuantBlock; ++i) code[i] = code_place(i);
  }

  // Block `block` of a line, which is the given lane of its strip; for kInOut, of element `block`.
  BlockPlace block(size_t lane, uint64_t block) const {
    const size_t code_bytes = q4 ? kQuantBlock / 2 : kQuantBlock;
    if (layout == Layout::kInOut) return block_of_element(block);
    if (layout == Layout::kOutIn) {
      const uint64_t n_blocks = (length + kQuantBlock - 1) / kQuantBlock;
      return {block * code_bytes, n_blocks * code_bytes + 2 * block};
    }
    const size_t unit = block / 2 * (q4 ? kQ4UnitBytes : kQ8UnitBytes), half = block % 2;
    return {unit + half * kTileOutputs * code_bytes + lane * 4,
            unit + 2 * kTileOutputs * code_bytes + (half * kTileOutputs + lane) * 2};
  }
  QuantisedBlock load(const std::byte* strip, const BlockPlace& place) const {
    QuantisedBlock block;
    for (size_t i = 0; i < kQuantBlock; ++i) {
      const auto [byte, shift] = code[i];
      const auto both = static_cast<unsigned>(strip[place.codes + byte]);
      block.codes[i] = static_cast<uint8_t>(q4 ? both >> (shift + place.shift) & 15U : both);
    }
    std::memcpy(&block.scale, strip + place.scale, sizeof block.scale);
    return block;
  }
  // Into zeros.
  void store(const QuantisedBlock& block, std::byte* strip, const BlockPlace& place) const {
    for (size_t i = 0; i < kQuantBlock; ++i) {
      const auto [byte, shift] = code[i];
      strip[place.codes + byte] |= static_cast<std::byte>(block.codes[i] << (shift + place.shift));
    }
    std::memcpy(strip + place.scale, &block.scale, sizeof block.scale);
  }
  BlockValues values(const std::byte* strip, const BlockPlace& place) const {
    const QuantisedBlock block = load(strip, place);
    return q4 ? values_of_q4(block) : values_of_q8(block);
  }

 private:
  // Elements of a kInOut line that there is room for.
  uint64_t room() const { return (length + kInOutGroup - 1) / kInOutGroup * kInOutGroup; }

  BlockPlace block_of_element(uint64_t element) const {
    const uint64_t group = element / kInOutGroup, position = in_out_position(element % kInOutGroup);
    const uint64_t line_bytes = q4 ? room() / 2 : room(), scale = kQuantBlock * line_bytes + 2 * element;
    if (!q4) return {group * kInOutGroup + position, scale};
    constexpr uint64_t kHalf = kInOutGroup / 2;
    return {group * kHalf + position % kHalf, scale, position < kHalf ? 0U : 4U};
  }

  CodePlace code_place(size_t i) const {
    constexpr size_t kGroupBytes = 4 * kTileOutputs, kHalf = kQuantBlock / 2;
    if (layout == Layout::kInOut) return {i * (q4 ? room() / 2 : room()), 0};
    const bool tiles = layout == Layout::kTiles;
    if (!q4) return {tiles ? i / 4 * kGroupBytes + i % 4 : i, 0};
    if (tiles) return {i / 8 * kGroupBytes + i % 4, i / 4 % 2 == 0 ? 0U : 4U};
    return {i % kHalf, i < kHalf ? 0U : 4U};
  }
};

void gather_by_inputs(const TensorView& m, const Part& part, float* to) {
  const BlockForm form(m.dtype, m.layout, lines_of(m.layout, m.shape).length);
  const size_t strip_bytes = strips_of(m.dtype, m.layout, m.shape).bytes;
  for (uint64_t first = part.first; first < part.last; first = (first / kQuantBlock + 1) * kQuantBlock) {
    const std::byte* strip = m.bytes.data() + first / kQuantBlock * strip_bytes;
    const uint64_t last = std::min(part.last, (first / kQuantBlock + 1) * kQuantBlock);
    for (uint64_t i = part.begin; i < part.end; ++i) {
      const BlockValues values = form.values(strip, form.block(0, i));
      for (uint64_t line = first; line < last; ++line) to[part.target(line, i)] = values[line % kQuantBlock];
    }
  }
}

void gather_quantised(const TensorView& m, const Part& part, float* to) {
  if (m.layout == Layout::kInOut) return gather_by_inputs(m, part, to);
  const BlockForm form(m.dtype, m.layout, lines_of(m.layout, m.shape).length);
  const size_t lanes = lanes_of(m.dtype, m.layout);
  const size_t strip_bytes = strips_of(m.dtype, m.layout, m.shape).bytes;
  for (uint64_t line = part.first; line < part.last; ++line) {
    const std::byte* strip = m.bytes.data() + line / lanes * strip_bytes;
    for (uint64_t b = part.begin / kQuantBlock; b * kQuantBlock < part.end; ++b) {
      const BlockValues values = form.values(strip, form.block(line % lanes, b));
      const uint64_t first = b * kQuantBlock, end = std::min(part.end, first + kQuantBlock);
      for (uint64_t i = std::max(part.begin, first); i < end; ++i)
        to[part.target(line, i)] = values[i - first];
    }
  }
}

// ---- into a form

bool can_be_quantised(std::span<const float> weights) {
  return std::ranges::all_of(weights, [](float w) { return std::abs(w) <= kLargestQuantisable; });
}

void store_block(std::span<const float> weights, const BlockForm& form, const BlockPlace& place,
                 std::byte* strip) {
  form.store(form.q4 ? quantise_q4(weights) : quantise_q8(weights), strip, place);
}

// At most 32 lines become one strip, which is zeros.
void quantise_inputs(std::span<const float> weights, const BlockForm& form, std::byte* strip) {
  const size_t n_lines = weights.size() / form.length;
  const uint64_t room = (form.length + kInOutGroup - 1) / kInOutGroup * kInOutGroup;
  for (uint64_t i = 0; i < room; ++i) {
    std::array<float, kQuantBlock> block;
    const size_t n = i < form.length ? n_lines : 0;
    for (size_t line = 0; line < n; ++line) block[line] = weights[line * form.length + i];
    store_block(std::span(block).first(n), form, form.block(0, i), strip);
  }
}

// Lines, as many as a strip has lanes or fewer, become one strip, which is zeros.
void quantise_strip(std::span<const float> weights, const BlockForm& form, std::byte* strip) {
  if (form.layout == Layout::kInOut) return quantise_inputs(weights, form, strip);
  const bool tiles = form.layout == Layout::kTiles;
  const uint64_t length = form.length, unit = tiles ? kTileUnit : kQuantBlock;
  const uint64_t n_blocks = (length + unit - 1) / unit * (unit / kQuantBlock);
  const size_t lanes = tiles ? kTileOutputs : 1;
  for (size_t lane = 0; lane < lanes; ++lane) {
    const auto line = weights.subspan(std::min<size_t>(lane * length, weights.size()));
    const auto present = line.first(std::min<size_t>(line.size(), length));
    for (uint64_t b = 0; b < n_blocks; ++b) {
      const auto rest = present.subspan(std::min<size_t>(b * kQuantBlock, present.size()));
      store_block(rest.first(std::min(rest.size(), kQuantBlock)), form, form.block(lane, b), strip);
    }
  }
}

// At most 16 lines of `length` wide elements become one tile, which is zeros.
template <size_t kBytes>
void fill_tile(Bytes lines, DType dtype, uint64_t length, std::byte* tile) {
  const std::byte* from = lines.data();
  for (uint64_t lane = 0; lane < lines.size() / kBytes / length; ++lane) {
    for (uint64_t i = 0; i < length; ++i, from += kBytes)
      std::memcpy(tile + tile_position(dtype, length, lane, i) * kBytes, from, kBytes);
  }
}

// Packs strips of one matrix on one thread; keeps its buffers.
class StripPacker {
 public:
  StripPacker(const TensorView& source, DType dtype, Layout layout)
      : source_(source), dtype_(dtype), layout_(layout), strips_(strips_of(dtype, layout, source.shape)) {}

  void pack(uint64_t first, uint64_t count, std::byte* out) {
    const uint64_t length = lines_of(layout_, source_.shape).length, lanes = lanes_of(dtype_, layout_);
    const Lines lines = lines_of_strips(dtype_, layout_, source_.shape, first, count);
    const DType wide = is_quantised(dtype_) ? DType::kF32 : dtype_;
    buffer_.resize(lines.count * length * dtype_info(wide).bytes);
    n_overflowed += unpack_lines(source_, lines, wide, buffer_);
    if (is_quantised(dtype_)) return quantise(length * lanes, length, out);
    if (layout_ != Layout::kTiles) return void(std::memcpy(out, buffer_.data(), buffer_.size()));
    tiles(lanes * length * dtype_info(dtype_).bytes, length, out);
  }

  uint64_t n_overflowed = 0;
  bool unquantisable = false;

 private:
  void quantise(uint64_t strip_weights, uint64_t length, std::byte* out) {
    const std::span weights(reinterpret_cast<const float*>(buffer_.data()), buffer_.size() / sizeof(float));
    if (!can_be_quantised(weights)) return void(unquantisable = true);
    const BlockForm form(dtype_, layout_, length);
    for (size_t begin = 0; begin < weights.size(); begin += strip_weights, out += strips_.bytes) {
      std::fill_n(out, strips_.bytes, std::byte{});
      quantise_strip(weights.subspan(begin, std::min<size_t>(strip_weights, weights.size() - begin)), form,
                     out);
    }
  }
  void tiles(size_t tile_bytes, uint64_t length, std::byte* out) {
    for (size_t begin = 0; begin < buffer_.size(); begin += tile_bytes, out += strips_.bytes) {
      std::fill_n(out, strips_.bytes, std::byte{});
      const auto tile = Bytes(buffer_).subspan(begin, std::min(tile_bytes, buffer_.size() - begin));
      const auto fill = dtype_info(dtype_).bytes == 2 ? fill_tile<2> : fill_tile<4>;
      fill(tile, dtype_, length, out);
    }
  }

  const TensorView& source_;
  DType dtype_;
  Layout layout_;
  Strips strips_;
  std::vector<std::byte> buffer_;
};

}  // namespace

Strips strips_of(DType dtype, Layout layout, const Shape& shape) {
  const auto [n_lines, length] = lines_of(layout, shape);
  const uint64_t lanes = lanes_of(dtype, layout), count = n_lines / lanes + (n_lines % lanes != 0 ? 1 : 0);
  return {count, packed_byte_size(dtype, layout, shape.at(0), shape.at(1)) / std::max<uint64_t>(count, 1),
          lanes * length};
}

Lines lines_of_strips(DType dtype, Layout layout, const Shape& shape, uint64_t first, uint64_t count) {
  const uint64_t lanes = lanes_of(dtype, layout), begin = first * lanes;
  const uint64_t end = std::min(lines_of(layout, shape).count, begin + count * lanes);
  return {layout == Layout::kInOut ? Layout::kInOut : Layout::kOutIn, begin, end - begin};
}

uint64_t unpack_lines(const TensorView& matrix, const Lines& lines, DType to, std::span<std::byte> out) {
  const auto [n_lines, length] = lines_of(matrix.layout, matrix.shape);
  const bool natural = (matrix.layout == Layout::kInOut) == (lines.order == Layout::kInOut);
  const uint64_t last = lines.first + lines.count;
  const Part part = natural ? Part{lines.first, last, 0, length, length, 1}
                            : Part{0, n_lines, lines.first, last, 1, n_lines};
  const DType wide = is_quantised(matrix.dtype) ? DType::kF32 : matrix.dtype;
  std::vector<std::byte> elements(lines.count * (natural ? length : n_lines) * dtype_info(wide).bytes);
  if (is_quantised(matrix.dtype)) {
    gather_quantised(matrix, part, reinterpret_cast<float*>(elements.data()));
  } else {
    gather_for(matrix.dtype)(matrix, part, elements.data());
  }
  return cast_elements(wide, elements, to, out);
}

void unpack_rows(const TensorView& matrix, uint64_t first, uint64_t n_rows, std::span<float> out) {
  assert(out.size() == n_rows * matrix.shape.at(1));
  unpack_lines(matrix, {Layout::kOutIn, first, n_rows}, DType::kF32, std::as_writable_bytes(out));
}

uint64_t pack_strips(const TensorView& source, DType dtype, Layout layout, uint64_t first,
                     std::span<std::byte> out, ThreadPool& pool) {
  constexpr uint64_t kElementsAtOnce = 1 << 18;  // of 4 bytes: what a second-level cache holds
  const Strips strips = strips_of(dtype, layout, source.shape);
  const uint64_t n = strips.bytes == 0 ? 0 : out.size() / strips.bytes;
  const uint64_t at_once = std::max<uint64_t>(1, kElementsAtOnce / std::max<uint64_t>(1, strips.elements));
  std::atomic<uint64_t> n_overflowed = 0;
  std::atomic<bool> unquantisable = false;
  pool.for_ranges(n, 1, [&](size_t begin, size_t end) {
    StripPacker packer(source, dtype, layout);
    for (uint64_t i = begin; i < end; i += at_once)
      packer.pack(first + i, std::min<uint64_t>(at_once, end - i), out.data() + i * strips.bytes);
    n_overflowed += packer.n_overflowed;
    if (packer.unquantisable) unquantisable = true;
  });
  if (unquantisable) {
    throw Error(ErrorKind::kFormat, tensor_label(source.name) +
                                        ": a weight is not finite or larger than 4e6, which " +
                                        std::string(dtype_info(dtype).name) + " cannot hold");
  }
  return n_overflowed;
}

}  // namespace rwkv
