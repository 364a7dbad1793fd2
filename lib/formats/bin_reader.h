// rwkv.cpp's .bin: a header of six numbers, then tensors one after the other, each behind its description.
#pragma once
#include <cstddef>
#include <span>

#include "tensor/tensor_view.h"

namespace rwkv {

// Whether the bytes begin as such a file does.
bool looks_like_bin(std::span<const std::byte> file);

// Versions 100 and 101, in rwkv.cpp's names and orientations. The header's numbers become metadata:
// rwkv.cpp.version, .n_vocab, .n_embed, .n_layer and .type. Views look into `file`. Error kFormat: broken or
// truncated; kUnsupported: another version, or an element type that is not of the version.
TensorList parse_bin(std::span<const std::byte> file);

}  // namespace rwkv
