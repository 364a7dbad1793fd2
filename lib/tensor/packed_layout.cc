#include "tensor/packed_layout.h"

#include <algorithm>
#include <array>

#include "core/checked_math.h"

namespace rwkv {
namespace {

// In the order of the enum.
constexpr std::array<std::string_view, 5> kNames = {"rows", "in_out", "tiles", "lines", "turned_tiles"};

constexpr uint64_t divide_up(uint64_t n, uint64_t by) { return n / by + (n % by != 0 ? 1 : 0); }

uint64_t checked_row_bytes(DType dtype, uint64_t n) {
  checked_mul(n, 4);  // more than a row's bytes
  return quantised_row_bytes(dtype, n);
}

PlainForm tiles_form(DType dtype, uint64_t rows, uint64_t cols) {
  const uint64_t tiles = divide_up(rows, kTileOutputs);
  if (dtype == DType::kBf16) return {dtype, {tiles, divide_up(cols, 2), kTileOutputs, 2}};
  if (!is_quantised(dtype)) return {dtype, {tiles, cols, kTileOutputs}};
  return {DType::kU8, {tiles, divide_up(cols, kTileUnit), unit_bytes(dtype)}};
}

PlainForm rows_form(DType dtype, uint64_t rows, uint64_t cols) {
  if (!is_quantised(dtype)) return {dtype, {rows, cols}};
  return {DType::kU8, {rows, checked_row_bytes(dtype, cols)}};
}

PlainForm lines_form(DType dtype, uint64_t rows, uint64_t cols) {
  const uint64_t columns = divide_up(rows, line_outputs(dtype));
  if (!is_quantised(dtype)) return {dtype, {columns, cols, line_outputs(dtype)}};
  return {DType::kU8, {columns, divide_up(cols, kQuantBlock), line_block_bytes(dtype)}};
}

}  // namespace

std::string_view layout_name(Layout layout) { return kNames.at(static_cast<size_t>(layout)); }

std::optional<Layout> find_layout(std::string_view name) {
  const auto found = std::ranges::find(kNames, name);
  const auto layout = static_cast<Layout>(found - kNames.begin());
  if (found == kNames.end() || layout == Layout::kInOut) return std::nullopt;
  return layout;
}

std::string form_name(DType dtype, Layout layout) {
  std::string name(dtype_info(dtype).name);
  if (is_laid_out(dtype, layout)) name.append(" ").append(layout_name(layout));
  return name;
}

PlainForm plain_form(DType dtype, Layout layout, uint64_t rows, uint64_t cols) {
  switch (layout) {
    case Layout::kTiles:
      return tiles_form(dtype, rows, cols);
    case Layout::kTurnedTiles:
      return tiles_form(dtype, cols, rows);
    case Layout::kLines:
      return lines_form(dtype, rows, cols);
    case Layout::kInOut:
      return {dtype, {cols, rows}};
    default:
      return rows_form(dtype, rows, cols);
  }
}

uint64_t packed_byte_size(DType dtype, Layout layout, uint64_t rows, uint64_t cols) {
  const PlainForm plain = plain_form(dtype, layout, rows, cols);
  return checked_byte_size(plain.dtype, plain.shape);
}

}  // namespace rwkv
