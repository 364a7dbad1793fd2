#include "model/weights.h"

#include <cassert>

#include "kernels/widen.h"

namespace rwkv {

void WeightReader::fail(const TensorView& tensor, const std::string& message) const {
  file_.fail("tensor " + tensor.name + ": " + message);
}

const TensorView& WeightReader::tensor(std::string_view name) const {
  const TensorView& tensor = file_.at(prefix_ + std::string(name));
  if (!holds_weights(tensor.dtype))
    fail(tensor, "is of " + std::string(dtype_info(tensor.dtype).name) + ", want floats");
  return tensor;
}

size_t WeightReader::n_elements(std::string_view name) const { return element_count(tensor(name).shape); }

std::vector<float> WeightReader::vector(std::string_view name, size_t n) const {
  const TensorView& t = tensor(name);
  if (element_count(t.shape) != n)
    fail(t, "shape " + to_string(t.shape) + ", want " + std::to_string(n) + " elements");
  if (is_laid_out(t)) fail(t, "is " + form_name(t.dtype, t.layout) + ", want plain elements");
  std::vector<std::byte> scratch;
  std::vector<float> values(n);
  widen(t.dtype, packed_bytes(t, scratch), values);
  return values;
}

WeightReader::Stored WeightReader::stored(std::string_view name, const Shape& shape) const {
  const TensorView& t = tensor(name);
  if (t.shape != shape) fail(t, "shape " + to_string(t.shape) + ", want " + to_string(shape));
  const auto bytes = t.packed() ? t.bytes : packed_bytes(t, owned_.emplace_back());
  if (t.dtype != DType::kF64) return {t.dtype, t.layout, bytes};
  auto& narrowed = owned_.emplace_back(element_count(shape) * sizeof(float));  // no kernel reads f64
  widen(t.dtype, bytes, {reinterpret_cast<float*>(narrowed.data()), element_count(shape)});
  return {DType::kF32, t.layout, narrowed};
}

Matrix WeightReader::matrix(std::string_view name, size_t rows, size_t cols) const {
  const auto [dtype, layout, bytes] = stored(name, {rows, cols});
  if (layout == Layout::kTurnedTiles || (is_quantised(dtype) && layout == Layout::kOutIn))
    fail(tensor(name), "is " + form_name(dtype, layout) + ", want tiles");
  return {dtype, layout, rows, cols, bytes};
}

Matrix WeightReader::table(std::string_view name, size_t rows, size_t cols) const {
  const auto [dtype, layout, bytes] = stored(name, {rows, cols});
  if (layout != Layout::kOutIn || (is_quantised(dtype) && dtype != DType::kQ8))
    fail(tensor(name), "is packed, want rows");
  return {dtype, layout, rows, cols, bytes};
}

Matrix WeightReader::low_rank(std::string_view name, size_t inputs, size_t outputs) const {
  const auto [dtype, layout, bytes] = stored(name, {inputs, outputs});
  if (layout == Layout::kTurnedTiles) return {dtype, Layout::kTiles, outputs, inputs, bytes};
  if (is_laid_out(dtype, layout))
    fail(tensor(name), "is " + form_name(dtype, layout) + ", want turned tiles");
  return {dtype, Layout::kInOut, outputs, inputs, bytes};
}

Matrix WeightReader::low_rank_of(std::string_view name, size_t i, size_t count, size_t inputs,
                                 size_t outputs) const {
  const auto [dtype, layout, bytes] = stored(name, {count, inputs, outputs});
  assert(!is_laid_out(dtype, layout));  // only matrices are
  const size_t one = bytes.size() / count;
  return {dtype, Layout::kInOut, outputs, inputs, bytes.subspan(i * one, one)};
}

Norm WeightReader::norm(std::string_view name, size_t n) const {
  return {vector(std::string(name) + ".weight", n), vector(std::string(name) + ".bias", n)};
}

}  // namespace rwkv
