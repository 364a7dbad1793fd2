#include "checkpoint/plan.h"

#include <algorithm>

#include "core/error.h"
#include "core/hash.h"
#include "model/tensor_role.h"

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

// Matrices of these types are in no file by rows.
bool is_always_packed(DType dtype) { return is_quantised(dtype) || elements_of(dtype) != dtype; }

bool wants_tiles(const ConvertOptions& options) {
  if (options.layout) return options.layout != Layout::kOutIn;
  return options.dtype && is_always_packed(*options.dtype);
}

TensorSpec quantised_spec(const TensorView& tensor, DType dtype, Role role) {
  if (role == Role::kTable) return {tensor.name, DType::kQ8, tensor.shape, Layout::kOutIn};
  if (!is_packed(role)) return {tensor.name, tensor.dtype, tensor.shape, tensor.layout};
  return {tensor.name, role == Role::kLowRank ? DType::kQ8 : dtype, tensor.shape, packed_layout_of(role)};
}

TensorSpec wide_spec(const TensorView& tensor, DType dtype, Role role, bool tiles) {
  const bool packed = tiles && dtype_info(dtype).has_products;
  const Layout layout = packed ? packed_layout_of(role) : Layout::kOutIn;
  return {tensor.name, layout == Layout::kOutIn ? elements_of(dtype) : dtype, tensor.shape, layout};
}

bool is_dropped(const std::string& name, const ConvertOptions& options, std::vector<bool>& used) {
  bool dropped = false;
  for (size_t i = 0; i < options.drop.size(); ++i) {
    if (!std::regex_search(name, options.drop[i].names)) continue;
    used[i] = dropped = true;
  }
  return dropped;
}

// A tensor whose values are made as f32 is written as what it began as.
TensorSpec spec_of(const MergedTensor& tensor, const ConvertOptions& options) {
  TensorView as_stored = tensor.view;
  as_stored.dtype = tensor.dtype;
  as_stored.layout = tensor.layout;
  return converted_spec(as_stored, options);
}

// Whether the tensor is a matrix that the model multiplies and that is quantised anew.
bool is_calibrated(const TensorView& tensor, const TensorSpec& spec) {
  const Role role = role_of(tensor);
  if (is_packed(role) && find_role(tensor.name)->unused_in_first_layer &&
      layer_name_of(tensor.name).layer == 0)
    return false;
  return is_quantised(spec.dtype) && (tensor.dtype != spec.dtype || tensor.layout != spec.layout) &&
         is_packed(role);
}

void plan_calibration(const ConvertOptions& options, ConversionPlan& plan) {
  if (!options.merge.files.empty()) {
    throw Error(ErrorKind::kUsage,
                "--calibrate runs the model as it is in the file: --merge first, into a file of its own");
  }
  for (PlannedTensor& tensor : plan.tensors) tensor.calibrated = is_calibrated(tensor.source, tensor.spec);
  if (std::ranges::none_of(plan.tensors, &PlannedTensor::calibrated))
    throw Error(ErrorKind::kUsage, "--calibrate: no matrix is to be quantised (--dtype q4)");
  plan.calibration = options.calibration;
  plan.metadata.insert_or_assign(kCalibrationKey, calibration_mark(options.calibration));
}

std::map<std::string, std::string> metadata_of(const TensorFile& source, const ConvertOptions& options) {
  auto metadata = options.metadata;
  metadata.insert(source.metadata().begin(), source.metadata().end());
  metadata.insert({{"format", "pt"}, {"producer", "rwkv-convert"}});
  return metadata;
}

}  // namespace

std::string hash_of(std::span<const TokenId> ids) {
  Hash hash;
  hash.add(std::as_bytes(ids));
  return hash.digits();
}

std::string calibration_mark(std::span<const TokenId> ids) {
  return std::to_string(ids.size()) + " ids, " + hash_of(ids);
}

TensorSpec converted_spec(const TensorView& tensor, const ConvertOptions& options) {
  TensorSpec unchanged{tensor.name, tensor.dtype, tensor.shape, tensor.layout};
  if (!holds_weights(tensor.dtype)) return unchanged;
  const DType wanted = wanted_dtype(tensor, options).value_or(tensor.dtype);
  const Role role = role_of(tensor);
  if (!is_always_packed(wanted)) return wide_spec(tensor, wanted, role, wants_tiles(options));
  TensorSpec spec = wanted == tensor.dtype ? unchanged
                    : is_quantised(wanted) ? quantised_spec(tensor, wanted, role)
                                           : wide_spec(tensor, wanted, role, true);
  if (options.layout == Layout::kOutIn && spec.layout != Layout::kOutIn) {
    throw Error(ErrorKind::kUnsupported, tensor_label(tensor.name) + ": cannot be " +
                                             std::string(dtype_info(spec.dtype).name) + " by rows");
  }
  return spec;
}

ConversionPlan plan_conversion(const TensorFile& source, const ConvertOptions& options) {
  ConversionPlan plan{.source = &source, .merge = std::make_unique<Merge>(source, options.merge)};
  plan.metadata = metadata_of(source, options);
  plan.n_threads = options.n_threads;
  plan.stop = options.stop;
  std::vector<bool> used(options.drop.size(), false);
  for (const MergedTensor& tensor : plan.merge->tensors()) {
    if (is_dropped(tensor.view.name, options, used)) {
      plan.dropped.push_back(tensor.view.name);
    } else {
      auto spec = with_context(source.path(), [&] { return spec_of(tensor, options); });
      plan.tensors.push_back({tensor.view, std::move(spec)});
    }
  }
  if (!options.calibration.empty()) plan_calibration(options, plan);
  if (const auto idle = std::ranges::find(used, false); idle != used.end()) {
    throw Error(ErrorKind::kUsage, "--drop " + options.drop[static_cast<size_t>(idle - used.begin())].text +
                                       ": no tensor has such a name");
  }
  return plan;
}

}  // namespace rwkv
