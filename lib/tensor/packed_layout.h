// How matrices lie in the files that rwkv-convert writes for speed: the one description for the packer, the
// readers and the kernels (docs/formats.md has a drawing).
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tensor/dtype.h"

namespace rwkv {

// Order of the elements of a matrix with R outputs and C inputs.
enum class Layout : uint8_t {
  kOutIn,        // "rows": one output after the other, [R, C]: what checkpoints hold, applied as W x
  kInOut,        // one input after the other, [C, R]: checkpoints' low-rank matrices; never written
  kTiles,        // tiles of 16 outputs, below
  kLines,        // one or two cache lines an input, below: for matrices most of whose inputs are zero
  kTurnedTiles,  // tiles of a matrix of shape [C, R], as checkpoints store low-rank matrices
};

// A tile holds 16 outputs; tiles follow one another. Within a tile:
//   f32, f16   [C][16 outputs]
//   bf16, bf16_bf16
//              [ceil(C / 2)][16 outputs][2 inputs]
//   q8, q6, q4 [ceil(C / 64)] units:
//     q8       u8 [16 groups of 4 inputs][16 outputs][4 inputs], then
//              f16 scale [2 blocks of 32 inputs][16 outputs]
//     q4       u8 [8 pairs of such groups][16 outputs][4]: low nibbles the first group's, high nibbles the
//              second's; then scales as for q8
//     q6       the low 4 bits of the codes, as q4; their upper 2 bits, u8 [4 fours of groups][16 outputs][4]:
//              from the lowest two bits up the first, second, third and fourth group's; then scales as for q8
// A matrix in lines consists of columns of line_outputs() outputs. In a column, each input has a line of one
// to two cache lines: f32 [C][32 outputs], f16 and bf16 [C][64]; or, quantised, ceil(C / 32) blocks:
//     q8       u8 [32 inputs][64 positions], f16 scale [64 outputs]
//     q4       u8 [32 inputs][2 groups of 64 outputs][32]: low nibbles positions 0 to 31 of a group, high
//              nibbles 32 to 63; then f16 scale [128 outputs]
//     q6       u8 [32 inputs][2 groups of 64 outputs][32 + 16]: the low 4 bits, as q4; then the upper 2, of
//              positions 0 to 15, 16 to 31, 32 to 47 and 48 to 63 from the lowest two bits up; then scales as
//              for q4
// Output o of a group of 64 is at line_position(o). A quantised kOutIn matrix (a table whose rows are looked
// up, never multiplied: emb.weight) has a row of n = C elements for each output, padded with zeros to a
// multiple of 64 bytes:
//     q8       u8 [n rounded up to 32], f16 scale [ceil(n / 32)]
//     q4       u8 [ceil(n / 32)][16]: byte j of a block holds elements j (low) and j + 16 (high); then scales
//     q6       u8 [ceil(n / 32)][16 + 8]: the low 4 bits, as q4; then byte j holds the upper 2 of elements j,
//              j + 8, j + 16 and j + 24, from the lowest two bits up; then scales
// An element is worth scale * (byte − 128) in q8, scale * (4 code − 128) in q6 (so that kernels see it as
// q8's), scale * kQ4Levels[nibble] in q4. Padding outputs and inputs of a tile, unit or block are 0 in wide
// tiles; in quantised blocks they have the code nearest to zero, and scale 0 when all 32 elements are
// padding.
constexpr size_t kTileOutputs = 16;
constexpr size_t kQuantBlock = 32;  // elements that share a scale
constexpr size_t kTileUnit = 64;    // inputs of a unit of a quantised tile
static_assert(std::ranges::all_of(kDTypes, [](const DTypeInfo& info) {
  return !is_quantised(info.dtype) || info.tile_inputs == kTileUnit;
}));
constexpr int kQ8Zero = 128;       // the byte that means 0
constexpr int kQ6Zero = 32;        // the code that means 0
constexpr size_t kLineGroup = 64;  // outputs of a group of a quantised line

constexpr size_t code_bits(DType dtype) { return dtype_info(dtype).code_bits; }
// Bytes of a unit of a quantised tile: of its codes alone, and with its scales.
constexpr size_t unit_code_bytes(DType dtype) { return kTileOutputs * kTileUnit * code_bits(dtype) / 8; }
constexpr size_t unit_bytes(DType dtype) { return unit_code_bytes(dtype) + 2 * kTileOutputs * 2; }

// The position of output o < 64 in its group of a quantised line. With this order, interleaving the bytes of
// four inputs within each 128 bits of a register, of any width, puts outputs in order.
constexpr size_t line_position(size_t o) { return o / 4 % 4 * 16 + o / 16 * 4 + o % 4; }

// Sixteen values for the nibbles of q4, ascending, not uniform: the least squared error (found by Lloyd's
// iteration) on normally distributed weights when each block has its own best scale of either sign: 7.3 % of
// the weights' root mean square, where uniform levels leave 8.1 %.
constexpr std::array<int8_t, 16> kQ4Levels = {-127, -93, -72, -55, -41, -27, -15, -3,
                                              9,    21,  34,  47,  62,  80,  101, 127};

// Bytes of a quantised row of n elements.
constexpr size_t quantised_row_bytes(DType dtype, size_t n) {
  const size_t blocks = (n + kQuantBlock - 1) / kQuantBlock;
  const size_t bytes = blocks * (kQuantBlock * code_bits(dtype) / 8) + blocks * 2;
  return (bytes + 63) / 64 * 64;
}

constexpr size_t line_outputs(DType dtype) { return dtype_info(dtype).line_outputs; }
constexpr size_t line_bytes(DType dtype) {
  return line_outputs(dtype) * (is_quantised(dtype) ? code_bits(dtype) : 8 * dtype_info(dtype).bytes) / 8;
}
// Bytes of a block of 32 quantised inputs of a column.
constexpr size_t line_block_bytes(DType dtype) {
  return kQuantBlock * line_bytes(dtype) + 2 * line_outputs(dtype);
}

// Whether the bytes are anything but row-major elements.
constexpr bool is_laid_out(DType dtype, Layout layout) {
  return layout != Layout::kOutIn || is_quantised(dtype);
}

std::string_view layout_name(Layout layout);               // "rows", "in_out", "tiles", …
std::optional<Layout> find_layout(std::string_view name);  // nothing when unknown

std::string form_name(DType dtype, Layout layout);  // "q8 tiles"; only "f32" for plain elements in rows

// A matrix as a plain tensor of a file: a quantised one as U8, with its rows or units in the last
// dimension.
struct PlainForm {
  DType dtype;
  Shape shape;
};
PlainForm plain_form(DType dtype, Layout layout, uint64_t rows, uint64_t cols);  // Error kFormat on overflow

// Bytes of a whole matrix; Error kFormat on overflow.
uint64_t packed_byte_size(DType dtype, Layout layout, uint64_t rows, uint64_t cols);

}  // namespace rwkv
