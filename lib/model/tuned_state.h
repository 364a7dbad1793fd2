// Initial states found by training ("state tuning").
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "formats/tensor_file.h"
#include "model/model_info.h"
#include "model/state.h"

namespace rwkv {

// In which order a file holds the last two dimensions of a state.
enum class StateOrder : uint8_t { kValueKey, kKeyValue };
std::string_view state_order_name(StateOrder order);  // "value-key", "key-value"

// Training leaves [head, value, key], whatever the version. web-rwkv's and Ai00's .state is [head, key,
// value]; nothing in it says so but the container: a safetensors of nothing but f16 states, without metadata
// of its own.
StateOrder stored_state_order(const TensorFile& file);

// The tensor of a layer: "blocks.3.att.time_state".
std::string tuned_state_name(size_t layer);
bool is_tuned_state(std::string_view tensor_name);

// Whether the file holds blocks.N.att.time_state tensors (alone or merged into a model).
bool has_tuned_state(const TensorFile& file);

// Layers, heads, head size, head size: as many layers as there are, the shape of the first.
Shape tuned_state_shape(const TensorFile& file);

// Puts them in the place of every layer's initial S, which is kept [head, key, value]. Error kFormat, naming
// the file: a layer is missing, another shape than the model's, not floats, or a model without an S (RWKV-4).
void apply_tuned_state(const TensorFile& file, State& state);

// The state of the rwkv package (naming/rwkv_package_state.cc), whose S is [head, value, key] for RWKV-7 and
// [head, key, value] for versions before it.
bool has_package_state(const TensorFile& file);

// Error kFormat, naming the file: another number of layers, another shape than the model's, not floats.
void apply_package_state(const TensorFile& file, const ModelInfo& info, State& state);

}  // namespace rwkv
