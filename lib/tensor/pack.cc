#include "tensor/pack.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <cstring>
#include <vector>

#include "core/error.h"
#include "tensor/cast.h"
#include "tensor/quantize.h"

namespace rwkv {
namespace {

using Bytes = std::span<const std::byte>;

// A matrix is stored output by output: by its rows, or, turned, by its columns.
struct StoredOutputs {
  uint64_t count, length;
};

bool is_turned(Layout layout) { return layout == Layout::kTurnedTiles; }

StoredOutputs outputs_of(Layout layout, const Shape& shape) {
  return is_turned(layout) ? StoredOutputs{shape.at(1), shape.at(0)}
                           : StoredOutputs{shape.at(0), shape.at(1)};
}

bool is_tiles(Layout layout) { return layout == Layout::kTiles || layout == Layout::kTurnedTiles; }

// Outputs that a strip holds.
size_t lanes_of(DType dtype, Layout layout) {
  if (is_tiles(layout)) return kTileOutputs;
  return layout == Layout::kLines ? line_outputs(dtype) : 1;
}

// Part of a matrix: elements [begin, end) of outputs [first, last), and how far apart in the result.
struct Part {
  uint64_t first, last, begin, end;
  uint64_t output_stride, element_stride;

  uint64_t target(uint64_t output, uint64_t element) const {
    return (output - first) * output_stride + (element - begin) * element_stride;
  }
};

// ---- wide elements

// Where elements of outputs of `length` are: from start(output) on at offset(i).
struct WidePositions {
  uint64_t length;
  size_t lanes;
  unsigned shift;  // 1 where two inputs lie side by side

  WidePositions(DType dtype, Layout layout, uint64_t output_length)
      : length(output_length),
        lanes(lanes_of(dtype, layout)),
        shift(is_tiles(layout) && dtype == DType::kBf16 ? 1 : 0) {}
  uint64_t start(uint64_t output) const {
    const uint64_t steps = (length + shift) >> shift;
    return (output / lanes * steps * lanes + output % lanes) << shift;
  }
  uint64_t offset(uint64_t i) const { return (((i >> shift) * lanes) << shift) + (i & shift); }
};

template <size_t kBytes>
void gather_wide(const TensorView& m, const Part& part, std::byte* to) {
  const WidePositions positions(m.dtype, m.layout, outputs_of(m.layout, m.shape).length);
  for (uint64_t output = part.first; output < part.last; ++output) {
    const std::byte* from = m.bytes.data() + positions.start(output) * kBytes;
    for (uint64_t i = part.begin; i < part.end; ++i)
      std::memcpy(to + part.target(output, i) * kBytes, from + positions.offset(i) * kBytes, kBytes);
  }
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

// q8 or q4 in a layout, outputs of `length` elements, of which a block holds 32.
struct BlockForm {
  bool q4;
  Layout layout;
  uint64_t length;
  std::array<CodePlace, kQuantBlock> code;

  BlockForm(DType dtype, Layout form, uint64_t output_length)
      : q4(dtype == DType::kQ4), layout(form), length(output_length) {
    for (size_t i = 0; i < kQuantBlock; ++i) code[i] = code_place(i);
  }

  // Blocks of an output that a strip has room for.
  uint64_t n_blocks() const {
    const uint64_t unit = is_tiles(layout) ? kTileUnit : kQuantBlock;
    return (length + unit - 1) / unit * (unit / kQuantBlock);
  }
  // Block `block` of an output, which is the given lane of its strip.
  BlockPlace block(size_t lane, uint64_t block) const {
    const size_t code_bytes = q4 ? kQuantBlock / 2 : kQuantBlock;
    if (layout == Layout::kLines) return block_of_lines(lane, block);
    if (layout == Layout::kOutIn) return {block * code_bytes, n_blocks() * code_bytes + 2 * block};
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
  BlockPlace block_of_lines(size_t lane, uint64_t block) const {
    const DType dtype = q4 ? DType::kQ4 : DType::kQ8;
    const size_t first = block * line_block_bytes(dtype), position = line_position(lane % kLineGroup);
    const size_t scale = first + kQuantBlock * line_bytes(dtype) + 2 * lane;
    if (!q4) return {first + position, scale};
    constexpr size_t kHalf = kLineGroup / 2;
    return {first + lane / kLineGroup * kHalf + position % kHalf, scale, position < kHalf ? 0U : 4U};
  }

  CodePlace code_place(size_t i) const {
    constexpr size_t kGroupBytes = 4 * kTileOutputs, kHalf = kQuantBlock / 2;
    if (layout == Layout::kLines) return {i * line_bytes(q4 ? DType::kQ4 : DType::kQ8), 0};
    const bool tiles = is_tiles(layout);
    if (!q4) return {tiles ? i / 4 * kGroupBytes + i % 4 : i, 0};
    if (tiles) return {i / 8 * kGroupBytes + i % 4, i / 4 % 2 == 0 ? 0U : 4U};
    return {i % kHalf, i < kHalf ? 0U : 4U};
  }
};

void gather_quantised(const TensorView& m, const Part& part, float* to) {
  const BlockForm form(m.dtype, m.layout, outputs_of(m.layout, m.shape).length);
  const size_t lanes = lanes_of(m.dtype, m.layout);
  const size_t strip_bytes = strips_of(m.dtype, m.layout, m.shape).bytes;
  for (uint64_t output = part.first; output < part.last; ++output) {
    const std::byte* strip = m.bytes.data() + output / lanes * strip_bytes;
    for (uint64_t b = part.begin / kQuantBlock; b * kQuantBlock < part.end; ++b) {
      const BlockValues values = form.values(strip, form.block(output % lanes, b));
      const uint64_t first = b * kQuantBlock, end = std::min(part.end, first + kQuantBlock);
      for (uint64_t i = std::max(part.begin, first); i < end; ++i)
        to[part.target(output, i)] = values[i - first];
    }
  }
}

// ---- into a form

bool can_be_quantised(std::span<const float> weights) {
  return std::ranges::all_of(weights, [](float w) { return std::abs(w) <= kLargestQuantisable; });
}

// Outputs, as many as a strip has lanes or fewer, become one strip, which is zeros.
void quantise_strip(std::span<const float> weights, const BlockForm& form, size_t lanes, std::byte* strip) {
  const uint64_t length = form.length;
  for (size_t lane = 0; lane < lanes; ++lane) {
    const auto from = weights.subspan(std::min<size_t>(lane * length, weights.size()));
    const auto output = from.first(std::min<size_t>(from.size(), length));
    for (uint64_t b = 0; b < form.n_blocks(); ++b) {
      const auto rest = output.subspan(std::min<size_t>(b * kQuantBlock, output.size()));
      const auto block = rest.first(std::min(rest.size(), kQuantBlock));
      form.store(form.q4 ? quantise_q4(block) : quantise_q8(block), strip, form.block(lane, b));
    }
  }
}

// Outputs of wide elements, as many as a strip has lanes or fewer, become one strip, which is zeros.
template <size_t kBytes>
void fill_strip(Bytes outputs, const WidePositions& positions, std::byte* strip) {
  const std::byte* from = outputs.data();
  for (uint64_t lane = 0; lane < outputs.size() / kBytes / positions.length; ++lane) {
    std::byte* to = strip + positions.start(lane) * kBytes;
    for (uint64_t i = 0; i < positions.length; ++i, from += kBytes)
      std::memcpy(to + positions.offset(i) * kBytes, from, kBytes);
  }
}

// Packs strips of one matrix on one thread; keeps its buffers.
class StripPacker {
 public:
  StripPacker(const TensorView& source, DType dtype, Layout layout)
      : source_(source),
        dtype_(dtype),
        layout_(layout),
        lanes_(lanes_of(dtype, layout)),
        strips_(strips_of(dtype, layout, source.shape)) {}

  void pack(uint64_t first, uint64_t count, std::byte* out) {
    const uint64_t length = outputs_of(layout_, source_.shape).length;
    const Slices slices = slices_of_strips(dtype_, layout_, source_.shape, first, count);
    const DType wide = is_quantised(dtype_) ? DType::kF32 : dtype_;
    buffer_.resize(slices.count * length * dtype_info(wide).bytes);
    n_overflowed += unpack(source_, slices, wide, buffer_);
    if (!is_laid_out(dtype_, layout_)) return void(std::memcpy(out, buffer_.data(), buffer_.size()));
    const size_t strip_bytes = lanes_ * length * dtype_info(wide).bytes;
    std::fill_n(out, count * strips_.bytes, std::byte{});
    for (size_t begin = 0; begin < buffer_.size(); begin += strip_bytes, out += strips_.bytes)
      fill(Bytes(buffer_).subspan(begin, std::min(strip_bytes, buffer_.size() - begin)), length, out);
  }

  uint64_t n_overflowed = 0;
  bool unquantisable = false;

 private:
  void fill(Bytes outputs, uint64_t length, std::byte* strip) {
    if (!is_quantised(dtype_)) {
      const auto fill_wide = dtype_info(dtype_).bytes == 2 ? fill_strip<2> : fill_strip<4>;
      return fill_wide(outputs, WidePositions(dtype_, layout_, length), strip);
    }
    const std::span weights(reinterpret_cast<const float*>(outputs.data()), outputs.size() / sizeof(float));
    if (!can_be_quantised(weights)) return void(unquantisable = true);
    quantise_strip(weights, BlockForm(dtype_, layout_, length), lanes_, strip);
  }

  const TensorView& source_;
  DType dtype_;
  Layout layout_;
  size_t lanes_;
  Strips strips_;
  std::vector<std::byte> buffer_;
};

}  // namespace

Strips strips_of(DType dtype, Layout layout, const Shape& shape) {
  const auto [n_outputs, length] = outputs_of(layout, shape);
  const uint64_t lanes = lanes_of(dtype, layout),
                 count = n_outputs / lanes + (n_outputs % lanes != 0 ? 1 : 0);
  return {count, packed_byte_size(dtype, layout, shape.at(0), shape.at(1)) / std::max<uint64_t>(count, 1),
          lanes * length};
}

Slices slices_of_strips(DType dtype, Layout layout, const Shape& shape, uint64_t first, uint64_t count) {
  const uint64_t lanes = lanes_of(dtype, layout), begin = first * lanes;
  const uint64_t end = std::min(outputs_of(layout, shape).count, begin + count * lanes);
  return {is_turned(layout), begin, end - begin};
}

uint64_t unpack(const TensorView& matrix, const Slices& slices, DType to, std::span<std::byte> out) {
  const auto [n_outputs, length] = outputs_of(matrix.layout, matrix.shape);
  const bool outputs = is_turned(matrix.layout) == slices.columns;
  const uint64_t last = slices.first + slices.count;
  const Part part = outputs ? Part{slices.first, last, 0, length, length, 1}
                            : Part{0, n_outputs, slices.first, last, 1, n_outputs};
  const DType wide = is_quantised(matrix.dtype) ? DType::kF32 : matrix.dtype;
  std::vector<std::byte> elements(slices.count * (outputs ? length : n_outputs) * dtype_info(wide).bytes);
  if (is_quantised(matrix.dtype)) {
    gather_quantised(matrix, part, reinterpret_cast<float*>(elements.data()));
  } else {
    gather_for(matrix.dtype)(matrix, part, elements.data());
  }
  return cast_elements(wide, elements, to, out);
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
