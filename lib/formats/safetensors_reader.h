// safetensors: u64 header length | JSON header | tensor data.
#pragma once
#include <cstddef>
#include <span>

#include "tensor/tensor_view.h"

namespace rwkv {

// Whether the bytes begin like a safetensors file.
bool looks_like_safetensors(std::span<const std::byte> file);

// As strict as the format's own reader: tensors cover the data exactly, in order of offsets. Matrices that
// the metadata calls packed (safetensors_writer.h) get their logical shape, dtype and layout, checked against
// the stored ones; these two keys are removed from the metadata. Views point into `file`. Throws Error
// kFormat, or kUnsupported for an unknown element type.
TensorList parse_safetensors(std::span<const std::byte> file);

}  // namespace rwkv
