#include "formats/ggml_tensor.h"

#include <string>

#include "core/checked_math.h"
#include "core/error.h"

namespace rwkv {
namespace {

class GgmlBlocks final : public TensorSource {
 public:
  GgmlBlocks(const GgmlType& type, std::span<const std::byte> bytes) : type_(type), bytes_(bytes) {}
  void read(uint64_t first, std::span<std::byte> out) const override {
    decode_ggml(type_, bytes_, first, {reinterpret_cast<float*>(out.data()), out.size() / sizeof(float)});
  }

 private:
  const GgmlType& type_;
  std::span<const std::byte> bytes_;
};

}  // namespace

uint64_t ggml_byte_size(const GgmlType& type, const Shape& shape) {
  const uint64_t row = shape.empty() ? 1 : shape.back();
  if (row % type.block_elements != 0) {
    throw Error(ErrorKind::kFormat, "rows of " + std::to_string(row) + " elements, want multiples of " +
                                        std::to_string(type.block_elements) + " for " +
                                        std::string(type.name));
  }
  return checked_mul(element_count(shape) / type.block_elements, type.block_bytes);
}

TensorView view_of(const GgmlTensor& tensor) {
  TensorView view{std::string(tensor.name), tensor.type->dtype, tensor.shape, tensor.bytes};
  if (tensor.type->decode == nullptr) return view;
  view.origin.type = tensor.type->name;
  view.source = std::make_shared<GgmlBlocks>(*tensor.type, tensor.bytes);
  view.requantise = true;
  return view;
}

}  // namespace rwkv
