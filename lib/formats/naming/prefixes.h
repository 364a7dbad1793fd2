// What training and serving programs put in front of, or into, tensor names.
#pragma once
#include <string>
#include <string_view>

#include "tensor/tensor_view.h"

namespace rwkv {

// A name, or a list's names, without prefixes: "_forward_module.model._orig_mod.blocks.0.ln1.weight" becomes
// "blocks.0.ln1.weight". Other models' names may begin with the same letters as a prefix: the caller must
// check whether the result is a name of a model.
std::string without_prefixes(std::string name);
TensorList without_prefixes(const TensorList& list);

// Whether BlinkDL's models, adapters or states use such a name: "emb.weight" or "blocks.N.
// ...".
bool is_block_name(std::string_view name);

}  // namespace rwkv
