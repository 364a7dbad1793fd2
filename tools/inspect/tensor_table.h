// Tensors as rows of a table, and their values as pictures.
#pragma once
#include <filesystem>
#include <optional>
#include <ostream>
#include <span>
#include <string>
#include <vector>

#include "formats/tensor_file.h"
#include "inspect/tensors.h"

namespace rwkv {

enum class TensorOrder { kFile, kName, kSize };

using AllStats = std::vector<std::optional<TensorStats>>;

// The file's tensors, largest first with kSize.
std::vector<TensorView> ordered(const TensorFile& file, TensorOrder order);
// The stats of each tensor, in order; reads all values.
AllStats stats_of_all(const TensorFile& file, std::span<const TensorView> tensors);

// Prints one row for tensors that are alike in several layers.
void print_tensor_table(std::ostream& out, std::span<const TensorView> tensors, TensorOrder order);
// Prints a row for each tensor, with its histogram as one line of block characters.
void print_stats_table(std::ostream& out, std::span<const TensorView> tensors, const AllStats& stats);
// Writes an SVG picture of all histograms, whole or not at all.
void write_plot(const std::filesystem::path& path, const std::string& title,
                std::span<const TensorView> tensors, const AllStats& stats);

}  // namespace rwkv
