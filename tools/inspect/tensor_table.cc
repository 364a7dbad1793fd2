#include "inspect/tensor_table.h"

#include <algorithm>
#include <cstdio>

#include "common/text_table.h"
#include "core/printable.h"
#include "inspect/fold.h"
#include "inspect/print.h"

namespace rwkv {
namespace {

using Align = TextTable::Align;

// As it lies in the file: another's type where ours does not tell.
std::string dtype_text(const TensorView& tensor) {
  return tensor.origin.type.empty() ? form_name(tensor.dtype, tensor.layout) : tensor.origin.type;
}

std::string number_text(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", number);
  return text;
}

// Heights in eighths; what is there at all is seen.
std::string blocks_of(const Histogram& histogram) {
  constexpr const char* kBlocks[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  const uint64_t highest = *std::ranges::max_element(histogram.counts);
  std::string text;
  for (const uint64_t count : histogram.counts) {
    const auto height = static_cast<size_t>(8.0 * static_cast<double>(count) / static_cast<double>(highest));
    text += kBlocks[count == 0 ? 0 : std::max<size_t>(1, height)];
  }
  return text;
}

std::string special_values(const TensorStats& stats, uint64_t n_values) {
  if (stats.zero == n_values) return "all zero";
  std::string text;
  const auto add = [&](uint64_t count, const char* what) {
    if (count > 0) text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + what;
  };
  add(stats.nan, "nan");
  add(stats.infinite, "infinite");
  add(stats.subnormal, "subnormal");
  add(stats.zero, "zero");
  return text;
}

}  // namespace

std::vector<TensorView> ordered(const TensorFile& file, TensorOrder order) {
  std::vector<TensorView> tensors(file.tensors().begin(), file.tensors().end());
  if (order == TensorOrder::kName) std::ranges::stable_sort(tensors, {}, &TensorView::name);
  if (order == TensorOrder::kSize) {
    std::ranges::stable_sort(tensors, std::greater(), [](const TensorView& t) { return byte_size(t); });
  }
  return tensors;
}

AllStats stats_of_all(const TensorFile& file, std::span<const TensorView> tensors) {
  AllStats stats;
  for (const TensorView& tensor : tensors) {
    stats.push_back(stats_of(tensor));
    file.release(tensor.bytes);
  }
  return stats;
}

void print_tensor_table(std::ostream& out, std::span<const TensorView> tensors, TensorOrder order) {
  auto groups = fold_layers(tensors);
  if (order == TensorOrder::kSize) std::ranges::stable_sort(groups, std::greater(), &TensorGroup::bytes);
  TextTable table({{"tensor"}, {"dtype"}, {"shape"}, {"size", Align::kRight}, {"in the file"}});
  for (const TensorGroup& group : groups) {
    const TensorView& first = *group.first;
    table.add({printable(group.name), dtype_text(first), to_string(first.shape), size_text(group.bytes),
               printable(group.source_name)});
  }
  table.print(out);
}

void print_stats_table(std::ostream& out, std::span<const TensorView> tensors, const AllStats& stats) {
  TextTable table({{"tensor"},
                   {"dtype"},
                   {"shape"},
                   {"size", Align::kRight},
                   {"min", Align::kRight},
                   {"max", Align::kRight},
                   {"mean", Align::kRight},
                   {"rms", Align::kRight},
                   {"histogram"},
                   {"special"}});
  for (size_t i = 0; i < tensors.size(); ++i) {
    const TensorView& t = tensors[i];
    std::vector<std::string> row = {printable(t.name), dtype_text(t), to_string(t.shape),
                                    size_text(byte_size(t))};
    if (const auto& s = stats[i]) {
      for (const double number : {s->min, s->max, s->mean, s->rms}) row.push_back(number_text(number));
      row.push_back("|" + blocks_of(s->histogram) + "|");
      row.push_back(special_values(*s, element_count(t.shape)));
    }
    row.resize(10);
    table.add(std::move(row));
  }
  table.print(out);
}

}  // namespace rwkv
