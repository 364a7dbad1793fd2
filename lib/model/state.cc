#include "model/state.h"

#include <algorithm>
#include <cassert>

#include "core/checked_math.h"

namespace rwkv {

State::State(std::vector<StatePart> parts, size_t n_layers)
    : parts_(std::move(parts)), n_layers_(n_layers), offsets_{0} {
  for (const auto& part : parts_) offsets_.push_back(offsets_.back() + element_count(part.shape));
  values_.resize(offsets_.back() * n_layers);
  for (size_t layer = 0; layer < n_layers; ++layer) {
    for (size_t i = 0; i < parts_.size(); ++i) std::ranges::fill(part(layer, i), parts_[i].initial);
  }
}

uint64_t State::byte_size(std::span<const StatePart> parts, size_t n_layers) {
  uint64_t n_floats = 0;
  for (const auto& part : parts) n_floats = checked_add(n_floats, element_count(part.shape));
  return checked_mul(checked_mul(n_floats, n_layers), sizeof(float));
}

std::span<float> State::part(size_t layer, size_t index) {
  assert(layer < n_layers_ && index < parts_.size());
  return std::span(values_).subspan(layer * offsets_.back() + offsets_[index],
                                    offsets_[index + 1] - offsets_[index]);
}

std::span<const float> State::part(size_t layer, size_t index) const {
  assert(layer < n_layers_ && index < parts_.size());
  return std::span(values_).subspan(layer * offsets_.back() + offsets_[index],
                                    offsets_[index + 1] - offsets_[index]);
}

}  // namespace rwkv
