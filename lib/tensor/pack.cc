#include "tensor/pack.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

#include "core/error.h"
#include "tensor/block_form.h"
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
        shift(is_tiles(layout) ? static_cast<unsigned>(std::countr_zero(dtype_info(dtype).tile_inputs)) : 0) {
  }
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

// Magnitudes are ordered as their bits are, infinity and NaN above all others.
bool can_be_quantised(std::span<const float> weights) {
  uint32_t largest = 0;
  for (const float w : weights) largest = std::max(largest, std::bit_cast<uint32_t>(w) & 0x7fff'ffff);
  return largest <= std::bit_cast<uint32_t>(kLargestQuantisable);
}

size_t blocks_of_output(uint64_t length) { return (length + kQuantBlock - 1) / kQuantBlock; }

// The RoundOutputs of plain rounding.
void quantise_outputs(DType dtype, uint64_t length, std::span<const float> weights,
                      std::span<QuantisedBlock> blocks) {
  const size_t n = blocks_of_output(length);
  for (size_t i = 0; i < blocks.size(); ++i) {
    const uint64_t first = i % n * kQuantBlock;
    const uint64_t n_weights = std::min<uint64_t>(kQuantBlock, length - first);
    blocks[i] = quantise(dtype, weights.subspan(i / n * length + first, n_weights));
  }
}

// Stores the blocks of at most `lanes` outputs in one strip, which holds zeros.
void store_strip(std::span<const QuantisedBlock> blocks, const BlockForm& form, size_t lanes,
                 std::byte* strip) {
  const size_t n = blocks_of_output(form.length);
  const QuantisedBlock missing = quantise(form.dtype, {});
  for (size_t lane = 0; lane < lanes; ++lane) {
    for (uint64_t b = 0; b < form.n_blocks(); ++b) {
      const bool is_there = b < n && lane * n + b < blocks.size();
      form.store(is_there ? blocks[lane * n + b] : missing, strip, form.block(lane, b));
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
  StripPacker(const TensorView& source, DType dtype, Layout layout, const RoundOutputs& round)
      : source_(source),
        round_(round),
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
    std::fill_n(out, count * strips_.bytes, std::byte{});
    is_quantised(dtype_) ? quantise_strips(slices.first, length, out) : fill_strips(length, out);
  }

  uint64_t n_overflowed = 0;
  bool unquantisable = false;

 private:
  void fill_strips(uint64_t length, std::byte* out) const {
    const auto fill = dtype_info(dtype_).bytes == 2 ? fill_strip<2> : fill_strip<4>;
    const size_t step = lanes_ * length * dtype_info(dtype_).bytes;
    for (size_t begin = 0; begin < buffer_.size(); begin += step, out += strips_.bytes) {
      fill(Bytes(buffer_).subspan(begin, std::min(step, buffer_.size() - begin)),
           WidePositions(dtype_, layout_, length), out);
    }
  }

  void quantise_strips(uint64_t first, uint64_t length, std::byte* out) {
    const std::span weights(reinterpret_cast<const float*>(buffer_.data()), buffer_.size() / sizeof(float));
    if (!can_be_quantised(weights)) return void(unquantisable = true);
    blocks_.resize(weights.size() / length * blocks_of_output(length));
    round_ ? round_(first, weights, blocks_) : quantise_outputs(dtype_, length, weights, blocks_);
    const BlockForm form(dtype_, layout_, length);
    const size_t step = lanes_ * blocks_of_output(length);
    for (size_t begin = 0; begin < blocks_.size(); begin += step, out += strips_.bytes)
      store_strip(std::span(blocks_).subspan(begin, std::min(step, blocks_.size() - begin)), form, lanes_,
                  out);
  }

  const TensorView& source_;
  const RoundOutputs& round_;
  DType dtype_;
  Layout layout_;
  size_t lanes_;
  Strips strips_;
  std::vector<std::byte> buffer_;
  std::vector<QuantisedBlock> blocks_;
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
  if (outputs && !is_laid_out(matrix)) {
    const uint64_t output_bytes = length * dtype_info(matrix.dtype).bytes;
    return cast_elements(matrix.dtype,
                         matrix.bytes.subspan(slices.first * output_bytes, slices.count * output_bytes), to,
                         out);
  }
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
                     std::span<std::byte> out, ThreadPool& pool, const RoundOutputs& round) {
  constexpr uint64_t kElementsAtOnce = 1 << 18;  // of 4 bytes: what a second-level cache holds
  const Strips strips = strips_of(dtype, layout, source.shape);
  const uint64_t n = strips.bytes == 0 ? 0 : out.size() / strips.bytes;
  const uint64_t at_once = std::max<uint64_t>(1, kElementsAtOnce / std::max<uint64_t>(1, strips.elements));
  std::atomic<uint64_t> n_overflowed = 0;
  std::atomic<bool> unquantisable = false;
  pool.for_ranges(n, 1, [&](size_t begin, size_t end) {
    StripPacker packer(source, dtype, layout, round);
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
