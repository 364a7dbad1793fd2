#include "common/text_table.h"

#include <algorithm>

namespace rwkv {
namespace {

// Of UTF-8: bytes that do not continue a character.
size_t width_of(const std::string& text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string padded(const std::string& text, size_t width, TextTable::Align align) {
  const std::string spaces(width - std::min(width, width_of(text)), ' ');
  return align == TextTable::Align::kRight ? spaces + text : text + spaces;
}

}  // namespace

void TextTable::print(std::ostream& out) const {
  std::vector<size_t> widths(columns_.size(), 0);
  for (const auto& row : rows_) {
    for (size_t c = 0; c < widths.size(); ++c) widths[c] = std::max(widths[c], width_of(row[c]));
  }
  const auto print_row = [&](auto&& cell) {
    std::string line;
    for (size_t c = 0; c < widths.size(); ++c) {
      if (widths[c] == 0) continue;
      const size_t width = std::max(widths[c], width_of(columns_[c].title));
      line += (line.empty() ? "" : "  ") + padded(cell(c), width, columns_[c].align);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out << line << '\n';
  };
  print_row([&](size_t c) { return columns_[c].title; });
  for (const auto& row : rows_) print_row([&](size_t c) { return row[c]; });
}

}  // namespace rwkv
