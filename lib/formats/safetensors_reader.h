// safetensors: u64 header length | JSON header | tensor data.
#pragma once
#include <cstddef>
#include <span>

#include "tensor/tensor_view.h"

namespace rwkv {

// Whether the bytes begin as a safetensors file does.
bool looks_like_safetensors(std::span<const std::byte> file);

// As strict as the format's own reader: tensors tile the data exactly, in the order of their offsets.
// Matrices that the metadata tells are packed (safetensors_writer.h) get their logical shape, dtype and
// layout, checked against what is stored; these two keys are taken out of the metadata. Views look into
// `file`. Throws Error kFormat, or kUnsupported for an element type that we do not have.
TensorList parse_safetensors(std::span<const std::byte> file);

}  // namespace rwkv
