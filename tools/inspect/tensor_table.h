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
// Of each, in their order; reads all values.
AllStats stats_of_all(const TensorFile& file, std::span<const TensorView> tensors);

// Layers that are alike are one row.
void print_tensor_table(std::ostream& out, std::span<const TensorView> tensors, TensorOrder order);
// A row for each tensor, with its histogram as one line of block characters.
void print_stats_table(std::ostream& out, std::span<const TensorView> tensors, const AllStats& stats);
// An SVG picture of all histograms, which appears whole or not at all.
void write_plot(const std::filesystem::path& path, const std::string& title,
                std::span<const TensorView> tensors, const AllStats& stats);

}  // namespace rwkv
