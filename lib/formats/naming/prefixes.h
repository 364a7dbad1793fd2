// What training and serving programs put in front of, or into, the names of a model's tensors.
#pragma once
#include <string>
#include <string_view>

#include "tensor/tensor_view.h"

namespace rwkv {

// A name, or the list with the names, behind all prefixes:
// "_forward_module.model._orig_mod.blocks.0.ln1.weight" becomes "blocks.0.ln1.weight". Names of other models
// may begin like a prefix: whether the result is a model's, the caller must see.
std::string without_prefixes(std::string name);
TensorList without_prefixes(const TensorList& list);

// Whether the name is one that all of BlinkDL's models, adapters and states have: "emb.weight" or
// "blocks.N. ...".
bool is_block_name(std::string_view name);

}  // namespace rwkv
