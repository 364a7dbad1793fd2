// GGUF: a header (gguf_header.h), then the tensors.
#pragma once
#include <cstddef>
#include <span>

#include "formats/gguf_header.h"
#include "tensor/tensor_view.h"

namespace rwkv {

// In the file's own names and orientations; metadata as text, arrays only by their size. Errors as
// read_gguf_header().
TensorList parse_gguf(std::span<const std::byte> file);

}  // namespace rwkv
