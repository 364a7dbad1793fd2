#include "checkpoint/footprint.h"

#include <string_view>

#include "checkpoint/convert.h"
#include "model/tensor_role.h"

namespace rwkv {
namespace {

// Of these one row is read for each token.
bool is_table(std::string_view name) {
  const TensorRole* role = find_role(name);
  return role != nullptr && role->role == Role::kTable;
}

bool is_matrix(const TensorView& tensor) {
  return tensor.shape.size() == 2 && tensor.shape[0] > 0 && tensor.shape[1] > 1;
}

}  // namespace

Footprint footprint(const TensorFile& file, std::optional<DType> dtype) {
  Footprint sum;
  for (const auto& tensor : file.tensors()) {
    const auto in_memory =
        !dtype && tensor.requantise ? std::optional(DType::kQ8) : dtype;  // as a model is loaded
    const auto spec = converted_spec(tensor, {.dtype = in_memory});
    const uint64_t bytes = in_memory ? byte_size(spec) : byte_size(tensor), n = element_count(tensor.shape);
    const bool matrix = is_matrix(tensor), table = matrix && is_table(tensor.name);
    sum.parameters += n;
    sum.weight_bytes += bytes;
    sum.read_bytes += table ? bytes / tensor.shape[0] : bytes;
    if (!matrix || table) continue;
    (tensor.name == "head.weight" ? sum.head_multiply_adds : sum.multiply_adds) += n;
    const DType dtype_of_products = in_memory ? spec.dtype : tensor.dtype;
    if (is_quantised(dtype_of_products)) sum.integer_multiply_adds += n;
    if (dtype_of_products == DType::kBf16Bf16) sum.bf16_multiply_adds += n;
  }
  return sum;
}

}  // namespace rwkv
