// Initial states found by training ("state tuning").
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "formats/tensor_file.h"
#include "model/model_info.h"
#include "model/state.h"

namespace rwkv {

// The order of the last two dimensions of a state in a file.
enum class StateOrder : uint8_t { kValueKey, kKeyValue };
std::string_view state_order_name(StateOrder order);  // "value-key", "key-value"

// Training writes [head, value, key], for every version. web-rwkv's and Ai00's .state is [head, key, value];
// only the container tells them apart: a safetensors file of nothing but f16 states, without metadata of its
// own.
StateOrder stored_state_order(const TensorFile& file);

// The tensor of a layer: "blocks.3.att.time_state".
std::string tuned_state_name(size_t layer);
bool is_tuned_state(std::string_view tensor_name);

// Whether the file holds blocks.N.att.time_state tensors (alone or merged into a model).
bool has_tuned_state(const TensorFile& file);

// Number of layers, then heads, head size, head size of the first layer's tensor.
Shape tuned_state_shape(const TensorFile& file);

// Replaces every layer's initial S, which is [head, key, value] in memory. Error kFormat, naming the file: a
// layer is missing, a shape is not the model's, a tensor is not of floats, or the model has no S (RWKV-4).
void apply_tuned_state(const TensorFile& file, State& state);

// Whether the file is a state of the rwkv package (naming/rwkv_package_state.cc), whose S is [head, value,
// key] for RWKV-7 and [head, key, value] before.
bool has_package_state(const TensorFile& file);

// Error kFormat, naming the file: the number of layers or a shape is not the model's, or not floats.
void apply_package_state(const TensorFile& file, const ModelInfo& info, State& state);

}  // namespace rwkv
