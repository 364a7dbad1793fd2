// rwkv.cpp's .bin: docs/FILE_FORMAT.md, python/convert_pytorch_to_ggml.py of rwkv.cpp. Names are BlinkDL's;
// some tensors are transposed, and decays and bonuses hold computed values.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>

#include "core/error.h"
#include "core/joined.h"
#include "formats/naming/naming.h"
#include "tensor/derived_view.h"

namespace rwkv {
namespace {

bool is_bin(const NamedTensors& file) { return file.format == "rwkv.cpp .bin"; }

bool can_be_computed(const TensorView& tensor) {
  return dtype_info(tensor.dtype).is_float && element_count(tensor.shape) > 0 && !is_laid_out(tensor);
}

// [1, 1, n], as the checkpoints have vectors.
TensorView as_row(TensorView tensor, const NamedTensors& /*file*/) {
  const uint64_t n = element_count(tensor.shape);
  return reshaped(std::move(tensor), {1, 1, n});
}

// Without the dimensions of 1 at the end.
TensorView without_ones(TensorView tensor, const NamedTensors& /*file*/) {
  Shape shape = tensor.shape;
  while (shape.size() > 1 && shape.back() == 1) shape.pop_back();
  return reshaped(std::move(tensor), std::move(shape));
}

// A computed decay at the limits of f32: a finite value that gives 0 or 1 there.
constexpr float kVanishes4 = -104, kVanishes = 5, kStays = -20;

// −exp(w) → w
TensorView undo_decay4(TensorView tensor, const NamedTensors& /*file*/) {
  if (!can_be_computed(tensor)) return tensor;
  const auto logarithm = [](std::span<float> decays) {
    for (float& d : decays) d = std::max(kVanishes4, std::log(-d));
  };
  return computed(std::move(tensor), logarithm, "log(-x)");
}

// exp(−exp(w)) → w
TensorView undo_decay5(TensorView tensor, const NamedTensors& file) {
  if (!can_be_computed(tensor)) return tensor;
  const auto logarithm = [](std::span<float> decays) {
    for (float& d : decays) {
      const auto w = static_cast<float>(std::log(-std::log(static_cast<double>(d))));
      d = std::isnan(w) ? w : std::clamp(w, kStays, kVanishes);
    }
  };
  return computed(without_ones(std::move(tensor), file), logarithm, "log(-log(x))");
}

constexpr auto kRules4 = std::to_array<NameRule>({
    {"blocks.#.att.time_decay", "blocks.#.att.time_decay", undo_decay4},
    {"blocks.#.att.time_mix_*", "blocks.#.att.time_mix_*", as_row},
    {"blocks.#.ffn.time_mix_*", "blocks.#.ffn.time_mix_*", as_row},
});

// The bonus is not a logarithm: BlinkDL uses another name for such a bonus.
constexpr auto kRules5 = std::to_array<NameRule>({
    {"blocks.#.att.time_decay", "blocks.#.att.time_decay", undo_decay5},
    {"blocks.#.att.time_first", "blocks.#.att.time_faaaa", without_ones},
    {"blocks.#.att.time_faaaa", "blocks.#.att.time_faaaa", without_ones},
    {"blocks.#.att.time_mix_*", "blocks.#.att.time_mix_*", as_row},
    {"blocks.#.ffn.time_mix_*", "blocks.#.ffn.time_mix_*", as_row},
});

constexpr auto kRules6 = std::to_array<NameRule>({
    {"blocks.#.att.time_decay", "blocks.#.att.time_decay", as_row},
    {"blocks.#.att.time_faaaa", "blocks.#.att.time_faaaa", without_ones},
    {"blocks.#.att.time_maa_w1", "blocks.#.att.time_maa_w1", undo_transpose},
    {"blocks.#.att.time_maa_w2", "blocks.#.att.time_maa_w2", undo_transpose},
    {"blocks.#.att.time_decay_w1", "blocks.#.att.time_decay_w1", undo_transpose},
    {"blocks.#.att.time_decay_w2", "blocks.#.att.time_decay_w2", undo_transpose},
    {"blocks.#.att.time_maa_*", "blocks.#.att.time_maa_*", as_row},
    {"blocks.#.ffn.time_maa_*", "blocks.#.ffn.time_maa_*", as_row},
});

constexpr auto kFusedLerps7 =
    std::to_array<NameRule>({{"blocks.#.att.x_rwkvag", "blocks.#.att.x_", nullptr, "rwkvag"}});
constexpr auto kRules7 = joined(kFusedLerps7, kTransposedLowRanks7);

// The only sign that a file ends early between two tensors.
void check_layers(TensorList& list) {
  size_t n_layers = 0;
  for (const TensorView& tensor : list.tensors) {
    std::string number;
    if (!matches("blocks.#.ln1.weight", tensor.name, "#", &number)) continue;
    size_t layer = 0;
    std::from_chars(number.data(), number.data() + number.size(), layer);
    n_layers = std::max(n_layers, layer + 1);
  }
  const std::string& want = list.metadata.at("rwkv.cpp.n_layer");
  if (std::to_string(n_layers) != want)
    throw Error(ErrorKind::kFormat, "has " + std::to_string(n_layers) + " layers, the header says " + want);
}

bool is4(const NamedTensors& file) {
  return is_bin(file) && file.find_like("blocks.#.att.ln_x.weight") == nullptr;
}
bool is5(const NamedTensors& file) {
  return is_bin(file) && file.find_like("blocks.#.att.time_mix_k") != nullptr;
}
bool is6(const NamedTensors& file) {
  return is_bin(file) && file.find_like("blocks.#.att.time_maa_x") != nullptr;
}

}  // namespace

// Asked in this order.
const Naming kRwkvCpp4{"rwkv.cpp", is4, kRules4, check_layers};
const Naming kRwkvCpp5{"rwkv.cpp", is5, kRules5, check_layers};
const Naming kRwkvCpp6{"rwkv.cpp", is6, kRules6, check_layers};
const Naming kRwkvCpp7{"rwkv.cpp", is_bin, kRules7, check_layers};

}  // namespace rwkv
