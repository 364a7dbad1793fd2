#include "tensor/tensor_view.h"

#include <cstring>

#include "core/error.h"
#include "core/printable.h"

namespace rwkv {
namespace {

// Copies `count` elements that lie `stride` elements apart.
template <size_t ElementBytes>
void copy_run(const std::byte* from, uint64_t stride, uint64_t count, std::byte* to) {
  for (uint64_t i = 0; i < count; ++i)
    std::memcpy(to + i * ElementBytes, from + i * stride * ElementBytes, ElementBytes);
}

using CopyRun = void (*)(const std::byte*, uint64_t, uint64_t, std::byte*);

CopyRun copy_run_for(size_t element_bytes) {
  switch (element_bytes) {
    case 1:
      return copy_run<1>;
    case 2:
      return copy_run<2>;
    case 4:
      return copy_run<4>;
    default:
      return copy_run<8>;
  }
}

// Moves `index` over all but the last dimension to the next run; returns by how many elements it moves, as an
// unsigned number that may wrap.
uint64_t next_run(const TensorView& tensor, std::vector<uint64_t>& index) {
  uint64_t moved = 0;
  for (size_t d = tensor.shape.size() - 1; d-- > 0;) {
    moved += tensor.strides[d];
    if (++index[d] < tensor.shape[d]) break;
    moved -= tensor.strides[d] * tensor.shape[d];
    index[d] = 0;
  }
  return moved;
}

}  // namespace

std::string tensor_label(std::string_view name) { return "tensor " + printable(name); }

uint64_t byte_size(const TensorView& tensor) {
  if (!is_laid_out(tensor)) return checked_byte_size(tensor.dtype, tensor.shape);
  return packed_byte_size(tensor.dtype, tensor.layout, tensor.shape.at(0), tensor.shape.at(1));
}

std::span<const std::byte> packed_bytes(const TensorView& tensor, std::vector<std::byte>& scratch) {
  if (is_laid_out(tensor)) {
    throw Error(ErrorKind::kUnsupported, tensor_label(tensor.name) + ": is " +
                                             form_name(tensor.dtype, tensor.layout) +
                                             ", want plain elements");
  }
  if (tensor.packed()) return tensor.bytes;
  const size_t element_bytes = dtype_info(tensor.dtype).bytes;
  const CopyRun copy = copy_run_for(element_bytes);
  const uint64_t run = tensor.shape.back(), run_bytes = run * element_bytes;
  scratch.resize(checked_byte_size(tensor.dtype, tensor.shape));
  std::vector<uint64_t> index(tensor.shape.size(), 0);
  uint64_t from = 0;
  for (size_t to = 0; to < scratch.size(); to += run_bytes, from += next_run(tensor, index)) {
    copy(tensor.bytes.data() + from * element_bytes, tensor.strides.back(), run, scratch.data() + to);
  }
  return scratch;
}

}  // namespace rwkv
