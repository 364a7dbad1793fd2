// The differences between the versions of RWKV: one row of a table for each.
#pragma once
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "model/layer.h"
#include "model/model_info.h"
#include "model/state.h"
#include "model/tensor_role.h"
#include "model/weights.h"

namespace rwkv {

struct Architecture {
  std::string_view name;                  // "RWKV-4"
  bool (*recognises)(const TensorFile&);  // by names and shapes; the first row that returns true wins
  void (*read_info)(const TensorFile&,
                    ModelInfo&);  // sets version, reason and the fields that common_info leaves out
  std::vector<StatePart> (*state_parts)(const ModelInfo&);
  std::unique_ptr<Layer> (*make_layer)(const WeightReader&, const ModelInfo&, size_t layer);
  std::span<const TensorRole> layer_tensors;  // all that a layer may have
};

std::span<const Architecture* const> architectures();
// The tensors outside the layers, of every version.
std::span<const TensorRole> model_tensors();

// Error kFormat or kUnsupported, naming the file: not an RWKV checkpoint, or an unsupported relative of
// one.
const Architecture& architecture_of(const TensorFile& file);
// Reads headers only.
ModelInfo detect_model(const TensorFile& file);

// Each in the file of its name: rwkv4.cc, ...
extern const Architecture kRwkv4, kRwkv5, kRwkv6, kRwkv7;

}  // namespace rwkv
