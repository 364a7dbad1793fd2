// The tensors of a torch state dict, from its parsed pickle.
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

// The bytes that tensors are views of.
struct Storage {
  std::optional<DType> dtype;  // nothing: an unknown kind of elements
  uint64_t element_bytes = 0;  // 0 for an unknown kind
  uint64_t n_elements = 0;
  std::span<const std::byte> bytes = {};
  bool big_endian = false;
  std::shared_ptr<const Inflated> inflated = {};  // not null: makes the bytes from `bytes`, a deflate stream

  uint64_t size() const { return inflated == nullptr ? bytes.size() : inflated->size(); }
};
using Storages = std::map<std::string_view, Storage>;  // by key

// Every storage that the pickle names; the file's reader then fills in the `bytes`, which are empty.
Storages storages_of(const Pickle& pickle);

// The tensors of the top dict, or of the dict that it wraps as "state_dict", "model" or "module" (at any
// depth), in their order; of a list at the top, named "0", "1" ... Other values are skipped. Error kFormat:
// no such dict, a tensor outside its storage; kUnsupported: a file made by the rwkv pip package, a tensor
// that is not dense.
std::vector<TensorView> tensors_of(const Pickle& pickle, const Storages& storages);

}  // namespace rwkv
