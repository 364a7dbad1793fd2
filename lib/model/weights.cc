#include "model/weights.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <utility>

#include "core/error.h"
#include "kernels/widen.h"
#include "model/tensor_role.h"
#include "tensor/derived_view.h"
#include "tensor/pack.h"

namespace rwkv {
namespace {

bool all_zero(std::span<const std::byte> bytes) {
  return std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; });
}

ThreadPool& pool_of(LoadedWeights& loaded) {
  if (loaded.pool == nullptr) loaded.pool = std::make_unique<ThreadPool>(loaded.n_threads);
  return *loaded.pool;
}

}  // namespace

void WeightReader::fail(const TensorView& tensor, const std::string& message) const {
  file_.fail("tensor " + tensor.name + ": " + message);
}

void WeightReader::check_finite(const TensorView& tensor, std::span<const float> values) const {
  if (!std::ranges::all_of(values, [](float value) { return std::isfinite(value); }))
    fail(tensor, "holds a weight that is not finite");
}

const TensorView& WeightReader::tensor(std::string_view name) const {
  const TensorView& tensor = file_.at(prefix_ + std::string(name));
  if (!holds_weights(tensor.dtype))
    fail(tensor, "is of " + std::string(dtype_info(tensor.dtype).name) + ", want floats");
  loaded_.claimed.insert(&tensor);
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
  check_finite(t, values);
  return values;
}

std::span<const std::byte> WeightReader::own(std::vector<std::byte> bytes) const {
  loaded_.made_bytes += bytes.size();
  return loaded_.made.emplace_back(std::move(bytes));
}

// In the dtype of the elements; f64, which no kernel reads, becomes f32.
WeightReader::Stored WeightReader::kept(const TensorView& tensor, std::span<const std::byte> bytes) const {
  if (tensor.dtype != DType::kF64) return {tensor.dtype, tensor.layout, bytes};
  std::vector<std::byte> values(element_count(tensor.shape) * sizeof(float));
  widen(tensor.dtype, bytes, {reinterpret_cast<float*>(values.data()), element_count(tensor.shape)});
  return {DType::kF32, tensor.layout, own(std::move(values))};
}

WeightReader::Stored WeightReader::quantised(const TensorView& tensor) const {
  const Layout layout = packed_layout_of(find_role(tensor.name)->role);
  std::vector<std::byte> scratch;
  const TensorView wide{tensor.name, tensor.dtype, tensor.shape,
                        packed_bytes(tensor, scratch, &pool_of(loaded_))};
  std::vector<std::byte> bytes(packed_byte_size(DType::kQ8, layout, tensor.shape[0], tensor.shape[1]));
  with_context(file_.path(), [&] { pack_strips(wide, DType::kQ8, layout, 0, bytes, pool_of(loaded_)); });
  return {DType::kQ8, layout, own(std::move(bytes))};
}

WeightReader::Stored WeightReader::stored(std::string_view name, const Shape& shape,
                                          bool transposed_too) const {
  const TensorView& t = tensor(name);
  if (t.shape != shape) fail(t, "shape " + to_string(t.shape) + ", want " + to_string(shape));
  const Stored result = stored(t, transposed_too);
  loaded_.by_bytes[result.bytes.data()] = &t;
  return result;
}

WeightReader::Stored WeightReader::stored(const TensorView& t, bool transposed_too) const {
  if (loaded_.check_only && !t.packed()) return {t.dtype, t.layout, {}};
  if (t.requantise && find_role(t.name) != nullptr && t.shape.size() == 2) return quantised(t);
  std::vector<std::byte> elements;
  auto bytes = t.bytes;
  if (!t.packed() && !(transposed_too && lies_transposed(t))) {
    packed_bytes(t, elements, t.source != nullptr ? &pool_of(loaded_) : nullptr);
    bytes = own(std::move(elements));
  }
  const Stored result = kept(t, bytes);
  look_at(t, result);
  return result;
}

// A few elements must be finite. If all of these are zero, the whole matrix may be: as in a file whose size
// was reserved before the download.
void WeightReader::look_at(const TensorView& tensor, const Stored& stored) const {
  constexpr size_t kRun = 16;
  const size_t element_bytes = is_quantised(stored.dtype) ? 1 : dtype_info(stored.dtype).bytes;
  const size_t n = stored.bytes.size() / element_bytes, run = std::min(n, kRun);
  bool zeros = n > 0;
  for (const size_t first : {size_t{0}, (n - run) / 2, n - run}) {
    const auto bytes = stored.bytes.subspan(first * element_bytes, run * element_bytes);
    zeros = zeros && all_zero(bytes);
    if (is_quantised(stored.dtype)) continue;
    std::array<float, kRun> values{};
    widen(stored.dtype, bytes, std::span(values).first(run));
    check_finite(tensor, values);
  }
  if (zeros && all_zero(stored.bytes)) loaded_.zero_matrices.push_back(tensor.name);
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
  const auto [dtype, layout, bytes] = stored(name, {inputs, outputs}, true);
  if (layout == Layout::kTurnedTiles) return {dtype, Layout::kTiles, outputs, inputs, bytes};
  if (is_laid_out(dtype, layout))
    fail(tensor(name), "is " + form_name(dtype, layout) + ", want turned tiles");
  const bool outputs_first = lies_transposed(tensor(name));
  return {dtype, outputs_first ? Layout::kOutIn : Layout::kInOut, outputs, inputs, bytes};
}

std::vector<Matrix> WeightReader::low_rank_stack(std::string_view name, size_t count, size_t inputs,
                                                 size_t outputs) const {
  const auto [dtype, layout, bytes] = stored(name, {count, inputs, outputs});
  assert(!is_laid_out(dtype, layout));  // only matrices are
  const size_t one = bytes.size() / count;
  std::vector<Matrix> matrices;
  for (size_t i = 0; i < count; ++i)
    matrices.push_back({dtype, Layout::kInOut, outputs, inputs, bytes.subspan(i * one, one)});
  return matrices;
}

Norm WeightReader::norm(std::string_view name, size_t n) const {
  const std::string gain = std::string(name) + ".weight";
  Norm norm{vector(gain, n), vector(std::string(name) + ".bias", n)};
  if (std::ranges::all_of(norm.gain, [](float g) { return g == 0; })) fail(tensor(gain), kAllZeros);
  return norm;
}

}  // namespace rwkv
