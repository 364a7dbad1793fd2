// The tensors of a torch state dict, once its pickle has been read.
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "formats/inflated.h"
#include "formats/pickle.h"
#include "tensor/tensor_view.h"

namespace rwkv {

// What tensors are views of.
struct Storage {
  std::optional<DType> dtype;  // nothing: of a kind that we do not have
  uint64_t element_bytes = 0;  // 0 then
  uint64_t n_elements = 0;
  std::span<const std::byte> bytes = {};
  bool big_endian = false;
  std::shared_ptr<const Inflated> inflated = {};  // not null: makes the bytes, and `bytes` are the stream

  uint64_t size() const { return inflated == nullptr ? bytes.size() : inflated->size(); }
};
using Storages = std::map<std::string_view, Storage>;  // by key

// Every storage that the pickle names, its `bytes` still empty: the reader of the file fills them in.
Storages storages_of(const Pickle& pickle);

// The tensors of the top dict, or of the dict that it wraps as "state_dict", "model" or "module" (of any
// depth), in their order; of a list at the top, named "0", "1" ... Values that are no tensors are passed
// over. Error kFormat: no such dict, a tensor outside its storage; kUnsupported: a file that the rwkv pip
// package made, a tensor of another kind than dense ones.
std::vector<TensorView> tensors_of(const Pickle& pickle, const Storages& storages);

}  // namespace rwkv
