#include "tensor/tensor_view.h"

#include <cstring>

#include "core/checked_math.h"
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

// From `elements`, where the tensor's begin, in row-major order.
void gather(const TensorView& tensor, std::span<const std::byte> elements, std::vector<std::byte>& to) {
  const size_t element_bytes = dtype_info(tensor.dtype).bytes;
  const CopyRun copy = copy_run_for(element_bytes);
  const uint64_t run = tensor.shape.back(), run_bytes = run * element_bytes;
  to.resize(checked_byte_size(tensor.dtype, tensor.shape));
  std::vector<uint64_t> index(tensor.shape.size(), 0);
  uint64_t from = 0;
  for (size_t at = 0; at < to.size(); at += run_bytes, from += next_run(tensor, index))
    copy(elements.data() + from * element_bytes, tensor.strides.back(), run, to.data() + at);
}

// Fills `to` from the tensor's source.
void make(const TensorView& tensor, std::span<std::byte> to, ThreadPool* pool) {
  constexpr size_t kElementsAtOnce = 1 << 16;
  if (pool == nullptr || tensor.source->in_order()) return tensor.source->read(tensor.first, to);
  const size_t element_bytes = dtype_info(tensor.dtype).bytes;
  pool->for_ranges(to.size() / element_bytes, kElementsAtOnce, [&](size_t begin, size_t end) {
    tensor.source->read(tensor.first + begin,
                        to.subspan(begin * element_bytes, (end - begin) * element_bytes));
  });
}

}  // namespace

std::string tensor_label(std::string_view name) { return "tensor " + printable(name); }

uint64_t byte_size(const TensorView& tensor) {
  if (!is_laid_out(tensor)) return checked_byte_size(tensor.dtype, tensor.shape);
  return packed_byte_size(tensor.dtype, tensor.layout, tensor.shape.at(0), tensor.shape.at(1));
}

uint64_t extent_of(const TensorView& tensor) {
  if (tensor.strides.empty()) return element_count(tensor.shape);
  uint64_t last = 0;
  for (size_t d = 0; d < tensor.shape.size(); ++d)
    last = checked_add(last, checked_mul(tensor.shape[d] - 1, tensor.strides[d]));
  return checked_add(last, 1);
}

std::vector<uint64_t> row_major_strides(const Shape& shape) {
  std::vector<uint64_t> strides(shape.size(), 1);
  for (size_t d = shape.size(); d-- > 1;) strides[d - 1] = strides[d] * shape[d];
  return strides;
}

std::span<const std::byte> packed_bytes(const TensorView& tensor, std::vector<std::byte>& scratch,
                                        ThreadPool* pool) {
  if (is_laid_out(tensor)) {
    throw Error(ErrorKind::kUnsupported, tensor_label(tensor.name) + ": is " +
                                             form_name(tensor.dtype, tensor.layout) +
                                             ", want plain elements");
  }
  if (tensor.packed()) return tensor.bytes;
  if (tensor.source == nullptr) {
    gather(tensor, tensor.bytes, scratch);
  } else if (tensor.strides.empty()) {
    scratch.resize(byte_size(tensor));
    make(tensor, scratch, pool);
  } else {
    std::vector<std::byte> elements(checked_mul(extent_of(tensor), dtype_info(tensor.dtype).bytes));
    make(tensor, elements, pool);
    gather(tensor, elements, scratch);
  }
  return scratch;
}

}  // namespace rwkv
