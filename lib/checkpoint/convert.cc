#include "checkpoint/convert.h"

#include <algorithm>
#include <array>

#include "checkpoint/block_walk.h"
#include "core/error.h"
#include "model/tensor_role.h"
#include "tensor/cast.h"
#include "tensor/pack.h"

namespace rwkv {
namespace {

// The role that decides how the tensor is packed: kVector when nothing is known of it, or it is no matrix.
Role role_of(const TensorView& tensor) {
  const TensorRole* role = find_role(tensor.name);
  const bool matrix = tensor.shape.size() == 2 && element_count(tensor.shape) > 0;
  return role == nullptr || !matrix ? Role::kVector : role->role;
}

bool is_packed(Role role) { return packed_layout_of(role) != Layout::kOutIn; }

std::optional<DType> wanted_dtype(const TensorView& tensor, const ConvertOptions& options) {
  for (const KeepRule& rule : options.keep) {
    if (std::regex_search(tensor.name, rule.names)) return rule.dtype;
  }
  if (options.dtype) return options.dtype;
  return tensor.requantise ? std::optional(DType::kBf16) : std::nullopt;
}

bool wants_tiles(const ConvertOptions& options) {
  if (options.layout) return options.layout != Layout::kOutIn;
  return options.dtype && is_quantised(*options.dtype);
}

TensorSpec quantised_spec(const TensorView& tensor, DType dtype, Role role) {
  if (role == Role::kTable) return {tensor.name, DType::kQ8, tensor.shape, Layout::kOutIn};
  if (!is_packed(role)) return {tensor.name, tensor.dtype, tensor.shape, tensor.layout};
  return {tensor.name, role == Role::kLowRank ? DType::kQ8 : dtype, tensor.shape, packed_layout_of(role)};
}

TensorSpec wide_spec(const TensorView& tensor, DType dtype, Role role, bool tiles) {
  const bool packed = tiles && dtype_info(dtype).has_products;
  return {tensor.name, dtype, tensor.shape, packed ? packed_layout_of(role) : Layout::kOutIn};
}

std::vector<TensorSpec> specs_of(const TensorFile& source, const ConvertOptions& options) {
  std::vector<TensorSpec> specs;
  for (const TensorView& tensor : source.tensors())
    specs.push_back(with_context(source.path(), [&] { return converted_spec(tensor, options); }));
  return specs;
}

std::map<std::string, std::string> metadata_of(const TensorFile& source, const ConvertOptions& options) {
  auto metadata = options.metadata;
  metadata.insert(source.metadata().begin(), source.metadata().end());
  metadata.insert({{"format", "pt"}, {"producer", "rwkv-convert"}});
  return metadata;
}

// Writes one tensor after the other; keeps its buffers.
class Conversion {
 public:
  Conversion(const TensorFile& source, SafetensorsWriter& writer, const ProgressCallback& progress,
             size_t n_threads)
      : source_(source), writer_(writer), pool_(n_threads), walk_(source, progress, pool_) {}

  // Returns how many finite elements became infinite.
  uint64_t write(const TensorView& tensor, const TensorSpec& spec) {
    const bool same = tensor.dtype == spec.dtype && tensor.layout == spec.layout;
    const bool packs = !same && (is_laid_out(tensor) || is_laid_out(spec));
    return packs ? write_packed(tensor, spec) : write_plain(tensor, spec.dtype);
  }

 private:
  uint64_t write_plain(const TensorView& tensor, DType to) {
    uint64_t n_overflowed = 0;
    walk_.for_each_block(tensor, [&](std::span<const std::byte> block, size_t) {
      if (tensor.dtype == to) return writer_.write(block);
      buffer_.resize(block.size() / dtype_info(tensor.dtype).bytes * dtype_info(to).bytes);
      n_overflowed += cast_elements(tensor.dtype, block, to, buffer_);
      writer_.write(buffer_);
    });
    return n_overflowed;
  }

  uint64_t write_packed(const TensorView& tensor, const TensorSpec& spec) {
    uint64_t n_overflowed = 0;
    const Strips strips = strips_of(spec.dtype, spec.layout, spec.shape);
    walk_.for_each_strips(tensor, strips, [&](const TensorView& matrix, uint64_t first, uint64_t n) {
      buffer_.resize(n * strips.bytes);
      n_overflowed += with_context(source_.path(), [&] {
        return pack_strips(matrix, spec.dtype, spec.layout, first, buffer_, pool_);
      });
      writer_.write(buffer_);
    });
    return n_overflowed;
  }

  const TensorFile& source_;
  SafetensorsWriter& writer_;
  ThreadPool pool_;
  BlockWalk walk_;
  std::vector<std::byte> buffer_;
};

}  // namespace

TensorSpec converted_spec(const TensorView& tensor, const ConvertOptions& options) {
  TensorSpec unchanged{tensor.name, tensor.dtype, tensor.shape, tensor.layout};
  if (!holds_weights(tensor.dtype)) return unchanged;
  const DType wanted = wanted_dtype(tensor, options).value_or(tensor.dtype);
  const Role role = role_of(tensor);
  if (!is_quantised(wanted)) return wide_spec(tensor, wanted, role, wants_tiles(options));
  TensorSpec spec = wanted == tensor.dtype ? unchanged : quantised_spec(tensor, wanted, role);
  if (options.layout == Layout::kOutIn && spec.layout != Layout::kOutIn) {
    throw Error(ErrorKind::kUnsupported, tensor_label(tensor.name) + ": cannot be " +
                                             std::string(dtype_info(spec.dtype).name) + " by rows");
  }
  return spec;
}

ConvertSummary convert(const TensorFile& source, const std::filesystem::path& target,
                       const ConvertOptions& options, const ProgressCallback& progress) {
  SafetensorsWriter writer(target, specs_of(source, options), metadata_of(source, options));
  Conversion conversion(source, writer, progress, options.n_threads);
  ConvertSummary summary;
  for (const TensorSpec& spec : writer.tensors()) {
    const uint64_t n_overflowed = conversion.write(source.at(spec.name), spec);
    if (summary.n_overflowed == 0 && n_overflowed > 0) summary.overflowed_tensor = spec.name;
    summary.n_overflowed += n_overflowed;
    summary.bytes += byte_size(spec);
    ++summary.n_tensors;
  }
  writer.commit();
  return summary;
}

}  // namespace rwkv
