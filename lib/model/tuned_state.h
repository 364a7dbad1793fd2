// Initial states found by training ("state tuning").
#pragma once
#include "formats/tensor_file.h"
#include "model/state.h"

namespace rwkv {

// Whether the file holds blocks.N.att.time_state tensors (alone or merged into a model).
bool has_tuned_state(const TensorFile& file);

// Layers, heads, head size, head size: as many layers as there are, the shape of the first.
Shape tuned_state_shape(const TensorFile& file);

// Puts them in the place of every layer's initial S. They are stored [head, value, key] whatever the version;
// S is kept [head, key, value]. Error kFormat, naming the file: a layer is missing, another shape than the
// model's, not floats, or a model without an S (RWKV-4).
void apply_tuned_state(const TensorFile& file, State& state);

}  // namespace rwkv
