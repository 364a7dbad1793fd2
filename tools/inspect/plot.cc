// Histograms of all tensors as one SVG picture.
#include <algorithm>
#include <cstdio>

#include "core/atomic_file.h"
#include "core/printable.h"
#include "inspect/print.h"
#include "inspect/tensor_table.h"

namespace rwkv {
namespace {

// In pixels.
constexpr size_t kColumns = 4, kCellWidth = 280, kCellHeight = 110, kTitleHeight = 40;
constexpr size_t kPlotWidth = 240, kPlotHeight = 56, kPlotTop = 22;

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      default:
        result += static_cast<unsigned char>(c) < 0x80 ? c : '?';
    }
  }
  return result;
}

std::string text_at(size_t x, size_t y, const char* style, const std::string& text) {
  return "<text x='" + std::to_string(x) + "' y='" + std::to_string(y) + "' class='" + style + "'>" +
         escaped(text) + "</text>\n";
}

std::string number_text(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", number);
  return text;
}

std::string bars(size_t left, size_t top, const Histogram& histogram) {
  const auto highest = static_cast<double>(*std::ranges::max_element(histogram.counts));
  constexpr size_t kWidth = kPlotWidth / Histogram::kRanges;
  std::string text;
  for (size_t i = 0; i < Histogram::kRanges; ++i) {
    const double height = kPlotHeight * static_cast<double>(histogram.counts[i]) / std::max(highest, 1.0);
    char bar[120];
    std::snprintf(bar, sizeof bar, "<rect x='%zu' y='%.1f' width='%zu' height='%.1f'/>\n", left + i * kWidth,
                  static_cast<double>(top + kPlotHeight) - height, kWidth - 1, height);
    text += bar;
  }
  return text;
}

std::string cell(size_t left, size_t top, const TensorView& tensor, const TensorStats& stats) {
  const size_t bottom = top + kPlotTop + kPlotHeight;
  return text_at(left, top + 14, "name", tensor.name) + bars(left, top + kPlotTop, stats.histogram) +
         "<path d='M" + std::to_string(left) + " " + std::to_string(bottom) + "h" +
         std::to_string(kPlotWidth) + "'/>\n" +
         text_at(left, bottom + 12, "axis", number_text(stats.histogram.from)) +
         text_at(left + kPlotWidth, bottom + 12, "axis end", number_text(stats.histogram.to)) +
         text_at(left + kPlotWidth / 2, bottom + 12, "axis middle",
                 form_name(tensor.dtype, tensor.layout) + " rms " + number_text(stats.rms));
}

std::string opening(size_t width, size_t height) {
  return "<svg xmlns='http://www.w3.org/2000/svg' width='" + std::to_string(width) + "' height='" +
         std::to_string(height) +
         "' font-family='sans-serif'>\n"
         "<style>text{font-size:10px;fill:#333}.title{font-size:16px}.name{font-size:11px;font-weight:bold}"
         ".middle{text-anchor:middle}.end{text-anchor:end}rect{fill:#47a}path{stroke:#999}</style>\n"
         "<rect width='100%' height='100%' style='fill:#fff'/>\n";
}

}  // namespace

void write_plot(const std::filesystem::path& path, const std::string& title,
                std::span<const TensorView> tensors, const AllStats& stats) {
  constexpr size_t kMargin = 20;
  const auto n_plots =
      static_cast<size_t>(std::ranges::count_if(stats, [](const auto& s) { return s.has_value(); }));
  const size_t n_rows = (n_plots + kColumns - 1) / kColumns;
  std::string svg = opening(kMargin + kColumns * kCellWidth, kTitleHeight + n_rows * kCellHeight + kMargin) +
                    text_at(kMargin, 26, "title", title);
  size_t n = 0;
  for (size_t i = 0; i < tensors.size(); ++i) {
    if (!stats[i]) continue;
    svg += cell(kMargin + n % kColumns * kCellWidth, kTitleHeight + n / kColumns * kCellHeight, tensors[i],
                *stats[i]);
    ++n;
  }
  AtomicFile file(path, {.is_text = true});
  file.write(svg + "</svg>\n");
  file.commit();
}

}  // namespace rwkv
