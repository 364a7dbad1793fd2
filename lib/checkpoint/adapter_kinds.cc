#include "checkpoint/adapter_kinds.h"

#include <algorithm>

namespace rwkv {
namespace {

using Parts = std::span<const AdapterPart>;
using Shapes = std::span<const Shape>;

// sum += factor * values
void add_scaled(std::span<float> sum, float factor, std::span<const float> values) {
  for (size_t i = 0; i < sum.size(); ++i) sum[i] += factor * values[i];
}

// rows += scale * B A, the product summed first.
void add_product(const AdapterPart& a, const AdapterPart& b, float scale, const MatrixRows& rows) {
  std::vector<float> product(rows.inputs);
  for (uint64_t i = 0; i < rows.count(); ++i) {
    std::ranges::fill(product, 0.0F);
    const auto of_row = b.at(rows.first + i);
    for (size_t k = 0; k < of_row.size(); ++k) add_scaled(product, of_row[k], a.at(k));
    add_scaled(rows.at(i), scale, product);
  }
}

void add_lora(Parts parts, float scale, const MatrixRows& rows) {
  add_product(parts[0], parts[1], scale, rows);
}

void add_pissa(Parts parts, float, const MatrixRows& rows) {
  add_product(parts[0], parts[1], 1.0F, rows);
  add_product(parts[2], parts[3], -1.0F, rows);
}

// What web-rwkv's converter makes of lora_A: its transpose.
void add_turned_lora(Parts parts, float scale, const MatrixRows& rows) {
  const uint64_t inputs = parts[0].shape[0], rank = parts[0].shape[1];
  AdapterPart a{{rank, inputs}, std::vector<float>(rank * inputs)};
  for (uint64_t i = 0; i < inputs; ++i) {
    for (uint64_t k = 0; k < rank; ++k) a.values[k * inputs + i] = parts[0].values[i * rank + k];
  }
  add_product(a, parts[1], scale, rows);
}

void add_bone(Parts parts, float, const MatrixRows& rows) {
  const AdapterPart& m = parts[0];
  const uint64_t rank = m.shape[0], columns = m.shape[1];
  for (uint64_t i = 0; i < rows.count(); ++i) {
    const auto row = rows.at(i);
    for (uint64_t j = 0; j < row.size(); ++j)
      row[j] += m.values[j % rank * columns + (rows.first + i) % columns];
  }
}

// row, of output `o` in its block, += row M + M[o], for one block of inputs.
void add_block(const AdapterPart& m, uint64_t block, uint64_t o, std::span<float> row) {
  std::vector<float> change(m.at(block, o).begin(), m.at(block, o).end());
  for (uint64_t k = 0; k < row.size(); ++k) add_scaled(change, row[k], m.at(block, k));
  add_scaled(row, 1.0F, change);
}

template <bool kByInputs>
void add_bat(Parts parts, float, const MatrixRows& rows) {
  const AdapterPart& m = parts[0];
  const uint64_t rank = m.shape[1];
  for (uint64_t i = 0; i < rows.count(); ++i) {
    const uint64_t output = rows.first + i;
    for (uint64_t b = 0; b < rows.inputs / rank; ++b)
      add_block(m, kByInputs ? b : output / rank, output % rank, rows.at(i).subspan(b * rank, rank));
  }
}

bool is(const Shape& shape, const Shape& want) { return shape == want; }
bool lora_fits(Shapes s, const MatrixSize& w) {
  const uint64_t rank = s[0][0];
  return rank > 0 && is(s[0], {rank, w.inputs}) && is(s[1], {w.outputs, rank});
}
bool turned_lora_fits(Shapes s, const MatrixSize& w) {
  const uint64_t rank = s[0][1];
  return rank > 0 && is(s[0], {w.inputs, rank}) && is(s[1], {w.outputs, rank});
}
bool pissa_fits(Shapes s, const MatrixSize& w) { return lora_fits(s.first(2), w) && lora_fits(s.last(2), w); }
bool bone_fits(Shapes s, const MatrixSize& w) { return s[0][0] > 0 && is(s[0], {s[0][0], w.outputs}); }
bool mini_fits(Shapes s, const MatrixSize& w) {
  return s[0][0] > 0 && s[0][1] > 0 && w.outputs % s[0][1] == 0;
}
bool tiled(const MatrixSize& w, uint64_t rank) {
  return rank > 0 && w.inputs % rank == 0 && w.outputs % rank == 0;
}
bool bat_by_inputs_fits(Shapes s, const MatrixSize& w) {
  const uint64_t rank = s[0][1];
  return tiled(w, rank) && is(s[0], {w.inputs / rank, rank, rank});
}
bool bat_by_outputs_fits(Shapes s, const MatrixSize& w) {
  const uint64_t rank = s[0][1];
  return tiled(w, rank) && is(s[0], {w.outputs / rank, rank, rank});
}

uint64_t first_dimension(const Shape& shape) { return shape[0]; }
uint64_t second_dimension(const Shape& shape) { return shape[1]; }

constexpr std::string_view kLoraShapes = "lora_A [r, inputs] and lora_B [outputs, r]";
constexpr std::string_view kBoneShapes = "[r, outputs]";
constexpr std::string_view kMiniShapes = "[r, outputs], or [r, a divisor of the outputs]";

const auto kKinds = std::to_array<AdapterKind>({
    {"LoRA", {"lora_A", "lora_B"}, 2, true, kLoraShapes, lora_fits, add_lora, first_dimension},
    {"LoRA of web-rwkv",
     {"lora.0", "lora.1"},
     2,
     true,
     "lora.0 [inputs, r] and lora.1 [outputs, r]",
     turned_lora_fits,
     add_turned_lora,
     second_dimension},
    {"PiSSA",
     {"lora_A", "lora_B", "init_lora_A", "init_lora_B"},
     2,
     false,
     kLoraShapes,
     pissa_fits,
     add_pissa,
     first_dimension},
    {"Bone", {"bone"}, 2, false, kBoneShapes, bone_fits, add_bone, first_dimension},
    {"DiSHA", {"disha"}, 2, false, kBoneShapes, bone_fits, add_bone, first_dimension},
    {"Bone", {"bone_block"}, 2, false, kBoneShapes, bone_fits, add_bone, first_dimension},
    {"MiSS", {"miss_block"}, 2, false, kMiniShapes, mini_fits, add_bone, first_dimension},
    {"Bat", {"bone"}, 3, false, "[inputs / r, r, r]", bat_by_inputs_fits, add_bat<true>, second_dimension},
    {"Bat", {"disha"}, 3, false, "[inputs / r, r, r]", bat_by_inputs_fits, add_bat<true>, second_dimension},
    {"Bat",
     {"bone_block"},
     3,
     false,
     "[outputs / r, r, r]",
     bat_by_outputs_fits,
     add_bat<false>,
     second_dimension},
    {"Bat",
     {"miss_block"},
     3,
     false,
     "[outputs / r, r, r]",
     bat_by_outputs_fits,
     add_bat<false>,
     second_dimension},
});

}  // namespace

size_t AdapterKind::n_parts() const {
  return static_cast<size_t>(std::ranges::find(parts, "") - parts.begin());
}

std::span<const AdapterKind> adapter_kinds() { return kKinds; }

}  // namespace rwkv
