#include "session/fingerprint.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "core/hash.h"

namespace rwkv {
namespace {

constexpr uint64_t kSamples = 4;  // values of each tensor, evenly spaced from its first to its last

// The index, in elements, of the tensor's element with this row-major index.
uint64_t position_of(const TensorView& tensor, uint64_t index) {
  if (tensor.source != nullptr || tensor.strides.empty()) return index;
  uint64_t position = 0;
  for (size_t d = tensor.shape.size(); d-- > 0;) {
    position += index % tensor.shape[d] * tensor.strides[d];
    index /= tensor.shape[d];
  }
  return position;
}

void add_tensor(Hash& hash, const TensorView& tensor) {
  hash.add(tensor.name);
  hash.add(dtype_info(tensor.dtype).name);
  for (const uint64_t dim : tensor.shape) {
    if (dim != 1) hash.add(dim);
  }
  // In packed layouts and sources elements have no address: samples a few bytes instead.
  const bool any = is_laid_out(tensor) || tensor.source != nullptr;
  const size_t n_bytes = any ? 8 : dtype_info(tensor.dtype).bytes;
  const uint64_t n = any ? tensor.bytes.size() / n_bytes : element_count(tensor.shape);
  for (uint64_t i = 0; n > 0 && i < kSamples; ++i) {
    // The last sample is the last element; the others may lie anywhere, but always at the same
    // place.
    const uint64_t index = i + 1 == kSamples ? n - 1 : n / (kSamples - 1) * i;
    hash.add(tensor.bytes.subspan(position_of(tensor, index) * n_bytes, n_bytes));
  }
}

}  // namespace

std::string fingerprint(const TensorFile& file) {
  std::vector<const TensorView*> tensors;
  for (const auto& tensor : file.tensors()) tensors.push_back(&tensor);
  std::ranges::sort(tensors, {}, [](const TensorView* t) -> std::string_view { return t->name; });
  Hash hash;
  for (const TensorView* tensor : tensors) add_tensor(hash, *tensor);
  return hash.digits();
}

}  // namespace rwkv
