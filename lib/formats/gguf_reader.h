// GGUF: a header (gguf_header.h), then the tensors.
#pragma once
#include <cstddef>
#include <span>

#include "formats/gguf_header.h"
#include "tensor/tensor_view.h"

namespace rwkv {

// Keeps the file's own names and orientations; metadata becomes text, arrays only their size. Errors as in
// read_gguf_header().
TensorList parse_gguf(std::span<const std::byte> file);

}  // namespace rwkv
