// What every fuzzer of a format of tensors asserts.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <vector>

#include "core/error.h"
#include "tensor/pack.h"
#include "tensor/tensor_view.h"

namespace rwkv {

inline void unpack_all(const TensorView& tensor) {
  std::vector<float> row(tensor.shape[1]);
  for (uint64_t i = 0; i < tensor.shape[0]; ++i) unpack_rows(tensor, i, 1, row);
}

// Any bytes: either tensors whose elements can all be read, or an Error.
template <class Parse>
int check_tensors(Parse parse, const uint8_t* data, size_t size) {
  try {
    for (const TensorView& tensor : parse(std::as_bytes(std::span(data, size))).tensors) {
      std::vector<std::byte> scratch, copy;
      const auto bytes = is_laid_out(tensor) ? tensor.bytes : packed_bytes(tensor, scratch);
      copy.assign(bytes.begin(), bytes.end());
      if (copy.size() != byte_size(tensor)) std::abort();
      if (is_laid_out(tensor)) unpack_all(tensor);
    }
  } catch (const Error&) {
  }
  return 0;
}

}  // namespace rwkv
