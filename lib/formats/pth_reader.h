// Files of torch.save(): the zip form (torch >= 1.6) and the older legacy form.
#pragma once
#include <cstddef>
#include <span>

#include "tensor/tensor_view.h"

namespace rwkv {

bool looks_like_pth_zip(std::span<const std::byte> file);
bool looks_like_pth_legacy(std::span<const std::byte> file);

// Views point into `file`; a tensor that is not contiguous keeps its strides. Nothing in the file is ever
// run. Throw Error kFormat, or kUnsupported for TorchScript and the oldest form, a tar.
TensorList parse_pth_zip(std::span<const std::byte> file);
TensorList parse_pth_legacy(std::span<const std::byte> file);

}  // namespace rwkv
