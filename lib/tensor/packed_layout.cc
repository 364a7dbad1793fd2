#include "tensor/packed_layout.h"

#include <algorithm>
#include <array>

#include "core/checked_math.h"

namespace rwkv {
namespace {

struct NamedLayout {
  Layout layout;
  std::string_view name;
};
// In the order of the enum.
constexpr auto kLayouts = std::to_array<NamedLayout>({{Layout::kOutIn, "rows"},
                                                      {Layout::kInOut, "in_out"},
                                                      {Layout::kTiles, "tiles"},
                                                      {Layout::kLines, "lines"},
                                                      {Layout::kTurnedTiles, "turned_tiles"}});
static_assert(std::ranges::all_of(kLayouts, [](const NamedLayout& named) {
  return &kLayouts[static_cast<size_t>(named.layout)] == &named;
}));

constexpr uint64_t divide_up(uint64_t n, uint64_t by) { return n / by + (n % by != 0 ? 1 : 0); }

uint64_t checked_row_bytes(DType dtype, uint64_t n) {
  checked_mul(n, 4);  // more than a row's bytes
  return quantised_row_bytes(dtype, n);
}

PlainForm tiles_form(DType dtype, uint64_t rows, uint64_t cols) {
  const uint64_t inputs = dtype_info(dtype).tile_inputs;
  const uint64_t tiles = divide_up(rows, kTileOutputs), steps = divide_up(cols, inputs);
  if (is_quantised(dtype)) return {DType::kU8, {tiles, steps, unit_bytes(dtype)}};
  if (inputs > 1) return {elements_of(dtype), {tiles, steps, kTileOutputs, inputs}};
  return {dtype, {tiles, steps, kTileOutputs}};
}

PlainForm rows_form(DType dtype, uint64_t rows, uint64_t cols) {
  if (!is_quantised(dtype)) return {dtype, {rows, cols}};
  return {DType::kU8, {rows, checked_row_bytes(dtype, cols)}};
}

PlainForm lines_form(DType dtype, uint64_t rows, uint64_t cols) {
  const uint64_t columns = divide_up(rows, line_outputs(dtype));
  if (!is_quantised(dtype)) return {elements_of(dtype), {columns, cols, line_outputs(dtype)}};
  return {DType::kU8, {columns, divide_up(cols, kQuantBlock), line_block_bytes(dtype)}};
}

}  // namespace

std::string_view layout_name(Layout layout) { return kLayouts.at(static_cast<size_t>(layout)).name; }

std::optional<Layout> find_layout(std::string_view name) {
  const auto found = std::ranges::find(kLayouts, name, &NamedLayout::name);
  if (found == kLayouts.end() || found->layout == Layout::kInOut) return std::nullopt;
  return found->layout;
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
