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

// Outputs that a strip holds.
size_t lanes_of(DType dtype, Layout layout) {
  if (layout == Layout::kTiles) return kTileOutputs;
  return layout == Layout::kLines ? line_outputs(dtype) : 1;
}

// ---- wide elements

// Where elements of rows of `length` are: from start(row) on at offset(i).
struct WidePositions {
  uint64_t length;
  size_t lanes;
  unsigned shift;  // 1 where two inputs lie side by side

  WidePositions(DType dtype, Layout layout, uint64_t row_length)
      : length(row_length),
        lanes(lanes_of(dtype, layout)),
        shift(layout == Layout::kTiles && dtype == DType::kBf16 ? 1 : 0) {}
  uint64_t start(uint64_t row) const {
    const uint64_t steps = (length + shift) >> shift;
    return (row / lanes * steps * lanes + row % lanes) << shift;
  }
  uint64_t offset(uint64_t i) const { return (((i >> shift) * lanes) << shift) + (i & shift); }
};

template <size_t kBytes>
void gather_wide(const TensorView& m, uint64_t first, uint64_t n_rows, std::byte* to) {
  const WidePositions positions(m.dtype, m.layout, m.shape[1]);
  for (uint64_t row = first; row < first + n_rows; ++row) {
    const std::byte* from = m.bytes.data() + positions.start(row) * kBytes;
    for (uint64_t i = 0; i < positions.length; ++i, to += kBytes)
      std::memcpy(to, from + positions.offset(i) * kBytes, kBytes);
  }
}

using GatherWide = void (*)(const TensorView&, uint64_t, uint64_t, std::byte*);

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

// q8 or q4 in a layout, rows of `length` elements, of which a block holds 32.
struct BlockForm {
  bool q4;
  Layout layout;
  uint64_t length;
  std::array<CodePlace, kQuantBlock> code;

  BlockForm(DType dtype, Layout form, uint64_t row_length)
      : q4(dtype == DType::kQ4), layout(form), length(row_length) {
    for (size_t i = 0; i < kQuantBlock; ++i) code[i] = code_place(i);
  }

  // Blocks of a row that a strip has room for.
  uint64_t n_blocks() const {
    const uint64_t unit = layout == Layout::kTiles ? kTileUnit : kQuantBlock;
    return (length + unit - 1) / unit * (unit / kQuantBlock);
  }
  // Block `block` of a row, which is the given lane of its strip.
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
    const bool tiles = layout == Layout::kTiles;
    if (!q4) return {tiles ? i / 4 * kGroupBytes + i % 4 : i, 0};
    if (tiles) return {i / 8 * kGroupBytes + i % 4, i / 4 % 2 == 0 ? 0U : 4U};
    return {i % kHalf, i < kHalf ? 0U : 4U};
  }
};

void gather_quantised(const TensorView& m, uint64_t first, uint64_t n_rows, float* to) {
  const uint64_t length = m.shape[1];
  const BlockForm form(m.dtype, m.layout, length);
  const size_t lanes = lanes_of(m.dtype, m.layout);
  const size_t strip_bytes = strips_of(m.dtype, m.layout, m.shape).bytes;
  for (uint64_t row = first; row < first + n_rows; ++row, to += length) {
    const std::byte* strip = m.bytes.data() + row / lanes * strip_bytes;
    for (uint64_t i = 0; i < length; i += kQuantBlock) {
      const BlockValues values = form.values(strip, form.block(row % lanes, i / kQuantBlock));
      std::copy_n(values.begin(), std::min(length - i, kQuantBlock), to + i);
    }
  }
}

// ---- into a form

bool can_be_quantised(std::span<const float> weights) {
  return std::ranges::all_of(weights, [](float w) { return std::abs(w) <= kLargestQuantisable; });
}

// Rows, as many as a strip has lanes or fewer, become one strip, which is zeros.
void quantise_strip(std::span<const float> weights, const BlockForm& form, size_t lanes, std::byte* strip) {
  const uint64_t length = form.length;
  for (size_t lane = 0; lane < lanes; ++lane) {
    const auto from = weights.subspan(std::min<size_t>(lane * length, weights.size()));
    const auto row = from.first(std::min<size_t>(from.size(), length));
    for (uint64_t b = 0; b < form.n_blocks(); ++b) {
      const auto rest = row.subspan(std::min<size_t>(b * kQuantBlock, row.size()));
      const auto block = rest.first(std::min(rest.size(), kQuantBlock));
      form.store(form.q4 ? quantise_q4(block) : quantise_q8(block), strip, form.block(lane, b));
    }
  }
}

// Rows of wide elements, as many as a strip has lanes or fewer, become one strip, which is zeros.
template <size_t kBytes>
void fill_strip(Bytes rows, const WidePositions& positions, std::byte* strip) {
  const std::byte* from = rows.data();
  for (uint64_t lane = 0; lane < rows.size() / kBytes / positions.length; ++lane) {
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
    const uint64_t length = source_.shape[1], n_outputs = source_.shape[0];
    const uint64_t row = first * lanes_, n_rows = std::min<uint64_t>(n_outputs - row, count * lanes_);
    const DType wide = is_quantised(dtype_) ? DType::kF32 : dtype_;
    buffer_.resize(n_rows * length * dtype_info(wide).bytes);
    n_overflowed += unpack_rows(source_, row, n_rows, wide, buffer_);
    if (!is_quantised(dtype_) && layout_ == Layout::kOutIn)
      return void(std::memcpy(out, buffer_.data(), buffer_.size()));
    const size_t strip_bytes = lanes_ * length * dtype_info(wide).bytes;
    std::fill_n(out, count * strips_.bytes, std::byte{});
    for (size_t begin = 0; begin < buffer_.size(); begin += strip_bytes, out += strips_.bytes)
      fill(Bytes(buffer_).subspan(begin, std::min(strip_bytes, buffer_.size() - begin)), out);
  }

  uint64_t n_overflowed = 0;
  bool unquantisable = false;

 private:
  void fill(Bytes rows, std::byte* strip) {
    const uint64_t length = source_.shape[1];
    if (!is_quantised(dtype_)) {
      const auto fill_wide = dtype_info(dtype_).bytes == 2 ? fill_strip<2> : fill_strip<4>;
      return fill_wide(rows, WidePositions(dtype_, layout_, length), strip);
    }
    const std::span weights(reinterpret_cast<const float*>(rows.data()), rows.size() / sizeof(float));
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
  const uint64_t n_outputs = shape.at(0), lanes = lanes_of(dtype, layout);
  const uint64_t count = n_outputs / lanes + (n_outputs % lanes != 0 ? 1 : 0);
  return {count, lanes,
          packed_byte_size(dtype, layout, n_outputs, shape.at(1)) / std::max<uint64_t>(count, 1),
          lanes * shape.at(1)};
}

uint64_t unpack_rows(const TensorView& matrix, uint64_t first, uint64_t n_rows, DType to,
                     std::span<std::byte> out) {
  const DType wide = is_quantised(matrix.dtype) ? DType::kF32 : matrix.dtype;
  std::vector<std::byte> elements(n_rows * matrix.shape.at(1) * dtype_info(wide).bytes);
  if (is_quantised(matrix.dtype)) {
    gather_quantised(matrix, first, n_rows, reinterpret_cast<float*>(elements.data()));
  } else {
    gather_for(matrix.dtype)(matrix, first, n_rows, elements.data());
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
