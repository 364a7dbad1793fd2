// How matrices lie in the files that rwkv-convert writes for speed: the one description that the packer, the
// readers and the kernels share.
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
  kOutIn,  // "rows": one output after the other, [R, C]: what checkpoints hold, applied as W x
  kInOut,  // one input after the other, [C, R]: checkpoints' low-rank matrices; and matrices read row by row
  kTiles,  // tiles of 16 outputs, below
};

// A tile holds 16 outputs; tiles follow one another. Within a tile:
//   f32, f16   [C][16 outputs]
//   bf16       [ceil(C / 2)][16 outputs][2 inputs]
//   q8, q4     [ceil(C / 64)] units:
//     q8       u8 [16 groups of 4 inputs][16 outputs][4 inputs], f16 scale [2 blocks of 32 inputs][16
//     outputs] q4       u8 [8 pairs of such groups][16 outputs][4]: low nibbles the first group's, high
//     nibbles the
//              second's; then scales as for q8
// A quantised kInOut matrix holds ceil(C / 32) blocks of 32 inputs, with room for R outputs rounded up to
// groups of 64:
//     q8       u8 [32 inputs][groups][64 positions], f16 scale [groups][64 outputs]
//     q4       u8 [32 inputs][groups][32]: low nibbles positions 0 to 31, high nibbles 32 to 63; then scales
// Output o of a group is at in_out_position(o). A quantised kOutIn matrix (a table whose rows are looked up,
// never multiplied: emb.weight) has a row of n = C elements for each output, padded with zeros to a multiple
// of 64 bytes:
//     q8       u8 [n rounded up to 32], f16 scale [ceil(n / 32)]
//     q4       u8 [ceil(n / 32)][16]: byte j of a block holds elements j (low) and j + 16 (high); then scales
// An element is worth scale * (byte − 128) in q8, scale * kQ4Levels[nibble] in q4. Outputs and inputs that a
// tile, unit or block has room for but the matrix lacks: 0 in wide tiles; the code nearest to zero in
// quantised blocks, with scale 0 when all 32 are missing.
constexpr size_t kTileOutputs = 16;
constexpr size_t kQuantBlock = 32;  // elements that share a scale
constexpr size_t kTileUnit = 64;    // inputs of a unit of a quantised tile
constexpr int kQ8Zero = 128;        // the byte that is worth 0
constexpr size_t kInOutGroup = 64;  // outputs of a group of a quantised kInOut matrix
constexpr size_t kQ8UnitBytes = kTileOutputs * kTileUnit + 2 * kTileOutputs * 2;
constexpr size_t kQ4UnitBytes = kTileOutputs * kTileUnit / 2 + 2 * kTileOutputs * 2;

// Where in its group of a quantised kInOut matrix an output o < 64 is: bytes of four inputs, interleaved
// within each 128 bits of a register of any width, are then in order of outputs.
constexpr size_t in_out_position(size_t o) { return o / 4 % 4 * 16 + o / 16 * 4 + o % 4; }

// Sixteen values for the nibbles of q4, ascending, not uniform: the least squared error (found by Lloyd's
// iteration) on normally distributed weights when each block has its own best scale of either sign: 7.3 % of
// the weights' root mean square, where uniform levels leave 8.1 %.
constexpr std::array<int8_t, 16> kQ4Levels = {-127, -93, -72, -55, -41, -27, -15, -3,
                                              9,    21,  34,  47,  62,  80,  101, 127};

// Bytes of a quantised row of n elements.
constexpr size_t quantised_row_bytes(DType dtype, size_t n) {
  const size_t blocks = (n + kQuantBlock - 1) / kQuantBlock;
  const size_t bytes = blocks * (dtype == DType::kQ8 ? kQuantBlock : kQuantBlock / 2) + blocks * 2;
  return (bytes + 63) / 64 * 64;
}

// Bytes of a block of 32 inputs of a quantised kInOut matrix: a multiple of 64.
constexpr size_t quantised_inputs_bytes(DType dtype, size_t n_outputs) {
  const size_t room = (n_outputs + kInOutGroup - 1) / kInOutGroup * kInOutGroup;
  return room * (dtype == DType::kQ8 ? kQuantBlock : kQuantBlock / 2) + room * 2;
}

// Whether a tensor's bytes are other than row-major elements.
constexpr bool is_laid_out(DType dtype, Layout layout) {
  return layout != Layout::kOutIn || is_quantised(dtype);
}

std::string_view layout_name(Layout layout);               // "rows", "in_out", "tiles"
std::optional<Layout> find_layout(std::string_view name);  // nothing when unknown

std::string form_name(DType dtype, Layout layout);  // "q8 tiles"; only "f32" of plain elements by rows

// How a matrix stands in a file of plain tensors: quantised ones as U8, their rows or units the last
// dimension.
struct PlainForm {
  DType dtype;
  Shape shape;
};
PlainForm plain_form(DType dtype, Layout layout, uint64_t rows, uint64_t cols);  // Error kFormat on overflow

// Bytes of a whole matrix; Error kFormat on overflow.
uint64_t packed_byte_size(DType dtype, Layout layout, uint64_t rows, uint64_t cols);

}  // namespace rwkv
