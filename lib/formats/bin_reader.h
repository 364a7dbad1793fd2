// rwkv.cpp's .bin: a header of six numbers, then tensors one after the other, each behind its description.
#pragma once
#include <cstddef>
#include <span>

#include "tensor/tensor_view.h"

namespace rwkv {

// Whether the bytes begin like such a file.
bool looks_like_bin(std::span<const std::byte> file);

// Versions 100 and 101, with rwkv.cpp's names and orientations. The header's numbers become metadata:
// rwkv.cpp.version, .n_vocab, .n_embed, .n_layer and .type. Views point into `file`. Error kFormat: broken or
// truncated; kUnsupported: another version, or an element type that this version does not have.
TensorList parse_bin(std::span<const std::byte> file);

}  // namespace rwkv
