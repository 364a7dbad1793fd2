#include "model/tuned_state.h"

#include <algorithm>
#include <vector>

#include "formats/naming/naming.h"
#include "kernels/widen.h"

namespace rwkv {
namespace {

constexpr std::string_view kNameEnd = ".att.time_state";

Shape without_leading_ones(Shape shape, size_t rank) {
  while (shape.size() > rank && shape.front() == 1) shape.erase(shape.begin());
  return shape;
}

std::vector<float> floats_of(const TensorFile& file, const TensorView& tensor, const Shape& shape) {
  if (without_leading_ones(tensor.shape, shape.size()) != shape) {
    file.fail(tensor_label(tensor.name) + ": shape " + to_string(tensor.shape) + ", want " +
              to_string(shape));
  }
  if (!dtype_info(tensor.dtype).is_float) file.fail(tensor_label(tensor.name) + ": not of floats");
  std::vector<std::byte> scratch;
  std::vector<float> values(element_count(shape));
  widen(tensor.dtype, packed_bytes(tensor, scratch), values);
  return values;
}

// s[h][key][value] = stored[h][value][key]
void transpose_heads(std::span<const float> stored, const Shape& shape, std::span<float> s) {
  const size_t n = shape[1];
  for (size_t head = 0; head < shape[0]; ++head) {
    for (size_t key = 0; key < n; ++key) {
      for (size_t value = 0; value < n; ++value)
        s[(head * n + key) * n + value] = stored[(head * n + value) * n + key];
    }
  }
}

}  // namespace

std::string_view state_order_name(StateOrder order) {
  return order == StateOrder::kValueKey ? "value-key" : "key-value";
}

StateOrder stored_state_order(const TensorFile& file) {
  const auto by_web_rwkv = [](const TensorView& tensor) {
    return is_tuned_state(tensor.name) && tensor.dtype == DType::kF16;
  };
  const auto names_no_maker = [](const auto& entry) { return entry.first == "format"; };  // of which library
  const bool swapped = file.format() == "safetensors" && std::ranges::all_of(file.tensors(), by_web_rwkv) &&
                       std::ranges::all_of(file.metadata(), names_no_maker);
  return swapped ? StateOrder::kKeyValue : StateOrder::kValueKey;
}

std::string tuned_state_name(size_t layer) {
  return "blocks." + std::to_string(layer) + std::string(kNameEnd);
}
bool is_tuned_state(std::string_view name) { return name.ends_with(kNameEnd); }

bool has_tuned_state(const TensorFile& file) { return file.find(tuned_state_name(0)) != nullptr; }

Shape tuned_state_shape(const TensorFile& file) {
  Shape shape = without_leading_ones(file.at(tuned_state_name(0)).shape, 3);
  size_t n_layers = 1;
  while (file.find(tuned_state_name(n_layers)) != nullptr) ++n_layers;
  shape.insert(shape.begin(), n_layers);
  return shape;
}

void apply_tuned_state(const TensorFile& file, State& state) {
  const auto part = std::ranges::find(state.parts(), "S", &StatePart::name);
  if (part == state.parts().end()) file.fail("a tuned initial state, which this RWKV version cannot take");
  if (file.find(tuned_state_name(state.n_layers())) != nullptr) {
    file.fail("a tuned initial state for more than the model's " + std::to_string(state.n_layers()) +
              " layers");
  }
  const auto index = static_cast<size_t>(part - state.parts().begin());
  const StateOrder order = stored_state_order(file);
  for (size_t layer = 0; layer < state.n_layers(); ++layer) {
    const auto stored = floats_of(file, file.at(tuned_state_name(layer)), part->shape);
    if (order == StateOrder::kKeyValue) {
      std::ranges::copy(stored, state.part(layer, index).begin());
    } else {
      transpose_heads(stored, part->shape, state.part(layer, index));
    }
  }
}

bool has_package_state(const TensorFile& file) { return file.naming() == kRwkvPackageState.name; }

void apply_package_state(const TensorFile& file, const ModelInfo& info, State& state) {
  const size_t n_parts = state.parts().size();
  if (file.tensors().size() != n_parts * state.n_layers()) {
    file.fail("a state of " + std::to_string(file.tensors().size()) + " parts, want " +
              std::to_string(n_parts * state.n_layers()) + " for RWKV-" + info.version);
  }
  for (size_t layer = 0; layer < state.n_layers(); ++layer) {
    for (size_t i = 0; i < n_parts; ++i) {
      const StatePart& part = state.parts()[i];
      const TensorView& tensor = file.at("layers." + std::to_string(layer) + "." + part.name);
      const auto values = floats_of(file, tensor, part.shape);
      if (part.name == "S" && info.version.starts_with('7')) {
        transpose_heads(values, part.shape, state.part(layer, i));
      } else {
        std::ranges::copy(values, state.part(layer, i).begin());
      }
    }
  }
}

}  // namespace rwkv
