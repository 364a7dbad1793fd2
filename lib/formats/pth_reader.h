// What torch.save() writes: the zip form (torch >= 1.6) and the legacy form before it.
#pragma once
#include <cstddef>
#include <span>

#include "tensor/tensor_view.h"

namespace rwkv {

bool looks_like_pth_zip(std::span<const std::byte> file);
bool looks_like_pth_legacy(std::span<const std::byte> file);

// Views look into `file`; a tensor that is not contiguous keeps its strides. Nothing in the file is ever run.
// Throw Error kFormat, or kUnsupported for TorchScript, big-endian and compressed files.
TensorList parse_pth_zip(std::span<const std::byte> file);
TensorList parse_pth_legacy(std::span<const std::byte> file);

}  // namespace rwkv
