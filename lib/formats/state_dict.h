// The tensors of a torch state dict, once its pickle has been read.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <vector>

#include "formats/pickle.h"
#include "tensor/tensor_view.h"

namespace rwkv {

// What tensors are views of.
struct Storage {
  DType dtype;
  uint64_t n_elements;
  std::span<const std::byte> bytes;
};
using Storages = std::map<std::string_view, Storage>;  // by key

// Every storage that the pickle names, its `bytes` still empty: the reader of the file fills them in.
Storages storages_of(const Pickle& pickle);

// The tensors of the top dict, or of the dict that it wraps as "state_dict", "model" or "module", in their
// order. Values that are no tensors are passed over. Prefixes that training frameworks put in front of all of
// a model's names ("_forward_module.", "module.", "model.") are cut off. Error kFormat: no such dict, a
// tensor outside its storage; kUnsupported: a file that the rwkv pip package made.
std::vector<TensorView> tensors_of(const Pickle& pickle, const Storages& storages);

}  // namespace rwkv
