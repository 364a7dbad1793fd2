#include "model/footprint.h"

#include <string_view>

#include "tensor/convert.h"

namespace rwkv {
namespace {

// Of these one row is read for each token.
bool is_table(std::string_view name) { return name == "emb.weight" || name.ends_with(".ffn.s_emb.weight"); }

}  // namespace

Footprint footprint(const TensorFile& file, std::optional<DType> dtype) {
  Footprint sum;
  for (const auto& tensor : file.tensors()) {
    const uint64_t bytes = dtype ? byte_size(converted_spec(tensor, {.dtype = dtype})) : byte_size(tensor);
    const bool by_rows = is_table(tensor.name) && tensor.shape.size() == 2 && tensor.shape[0] > 0;
    sum.parameters += element_count(tensor.shape);
    sum.weight_bytes += bytes;
    sum.read_bytes += by_rows ? bytes / tensor.shape[0] : bytes;
  }
  return sum;
}

}  // namespace rwkv
