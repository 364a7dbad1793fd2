// The memory of one sequence: a few vectors or matrices a layer, the same size however long the sequence is.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/token.h"
#include "tensor/dtype.h"

namespace rwkv {

// One part of a layer's state, the same in every layer.
struct StatePart {
  std::string name;  // "att_x", "aa", "S" ...
  Shape shape;
  float initial = 0;
};

// Owns the floats of every part of every layer. Copies are independent (forking a sequence is a copy).
class State {
 public:
  State() = default;
  State(std::vector<StatePart> parts, size_t n_layers);  // every part at its initial value
  // The bytes() of such a state. Error kFormat when the number does not fit into 64 bits.
  static uint64_t byte_size(std::span<const StatePart> parts, size_t n_layers);

  size_t n_layers() const { return n_layers_; }
  const std::vector<StatePart>& parts() const { return parts_; }
  std::span<float> part(size_t layer, size_t index);
  std::span<const float> part(size_t layer, size_t index) const;
  size_t bytes() const { return values_.size() * sizeof(float); }

 private:
  std::vector<StatePart> parts_;
  size_t n_layers_ = 0;
  std::vector<size_t> offsets_;  // of each part in a layer, and the layer's size, in floats
  std::vector<float> values_;    // [layer][part]
};

}  // namespace rwkv
