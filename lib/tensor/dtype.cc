#include "tensor/dtype.h"

#include <algorithm>

#include "core/checked_math.h"
#include "core/error.h"

namespace rwkv {
const DTypeInfo* find_dtype(std::string_view DTypeInfo::*column, std::string_view name) {
  if (name.empty()) return nullptr;
  const auto* const found = std::ranges::find(kDTypes, name, column);
  return found == kDTypes.end() ? nullptr : found;
}

uint64_t element_count(const Shape& shape) {
  uint64_t n = 1;
  for (const uint64_t dim : shape) n = checked_mul(n, dim);
  return n;
}

uint64_t checked_byte_size(DType dtype, const Shape& shape) {
  if (is_quantised(dtype)) {
    throw Error(ErrorKind::kUnsupported,
                "elements of " + std::string(dtype_info(dtype).name) + " have no size of their own");
  }
  return checked_mul(element_count(shape), dtype_info(dtype).bytes);
}

std::string to_string(const Shape& shape) {
  std::string text;
  for (const uint64_t dim : shape) text += (text.empty() ? "" : ", ") + std::to_string(dim);
  return "[" + text + "]";
}

}  // namespace rwkv
