#include "checkpoint/convert.h"

#include <optional>
#include <string_view>
#include <unordered_map>

#include "checkpoint/block_walk.h"
#include "checkpoint/calibration/calibration.h"
#include "checkpoint/write_behind.h"
#include "core/error.h"
#include "formats/safetensors_writer.h"
#include "tensor/cast.h"
#include "tensor/pack.h"

namespace rwkv {
namespace {

// Writes one tensor after the other; keeps its buffers.
class Conversion {
 public:
  Conversion(const ConversionPlan& plan, SafetensorsWriter& writer, const ProgressCallback& progress)
      : plan_(plan),
        pool_(plan.n_threads),
        walk_(plan, progress, pool_),
        output_([&writer](std::span<const std::byte> bytes) { writer.write(bytes); }) {
    if (plan.calibration.empty()) return;
    calibration_.emplace(plan, pool_, [this](double share, size_t layer, size_t n_layers) {
      walk_.report_ahead((static_cast<double>(layer) + share) / static_cast<double>(n_layers));
    });
  }

  // Returns how many finite elements became infinite.
  uint64_t write(const PlannedTensor& planned) {
    const auto& [tensor, spec, calibrated] = planned;
    const bool same = tensor.dtype == spec.dtype && tensor.layout == spec.layout;
    if (same) return copy(tensor), 0;
    return is_laid_out(tensor) || is_laid_out(spec) ? pack(planned) : cast(tensor, spec.dtype);
  }

  void finish() { output_.finish(); }

 private:
  // What lies in a file is written from there.
  void copy(const TensorView& tensor) {
    walk_.for_each_block(tensor, [&](std::span<const std::byte> block, size_t) {
      output_.submit(block, [this, block] { walk_.release(block); });
    });
    if (!tensor.packed()) output_.finish();  // the next tensor is made where this one is
  }

  uint64_t cast(const TensorView& tensor, DType to) {
    uint64_t n_overflowed = 0;
    const size_t from_bytes = dtype_info(tensor.dtype).bytes, to_bytes = dtype_info(to).bytes;
    walk_.for_each_block(tensor, [&](std::span<const std::byte> block, size_t) {
      auto buffer = output_.buffer(block.size() / from_bytes * to_bytes);
      n_overflowed += cast_elements(tensor.dtype, block, to, buffer);
      walk_.release(block);
      output_.submit(std::move(buffer));
    });
    return n_overflowed;
  }

  uint64_t pack(const PlannedTensor& planned) {
    const TensorView& tensor = planned.source;
    const TensorSpec& spec = planned.spec;
    const auto feedback = planned.calibrated ? calibration_->take(planned) : MatrixFeedback();
    const RoundOutputs round =
        feedback.groups.empty() ? RoundOutputs() : calibrated_rounding(spec.dtype, feedback);
    uint64_t n_overflowed = 0;
    const Strips strips = strips_of(spec.dtype, spec.layout, spec.shape);
    walk_.for_each_strips(tensor, strips, [&](const TensorView& matrix, uint64_t first, uint64_t n) {
      auto buffer = output_.buffer(n * strips.bytes);
      n_overflowed += with_context(plan_.source->path(), [&] {
        return pack_strips(matrix, spec.dtype, spec.layout, first, buffer, pool_, round);
      });
      output_.submit(std::move(buffer));
    });
    return n_overflowed;
  }

  const ConversionPlan& plan_;
  ThreadPool pool_;
  BlockWalk walk_;
  WriteBehind output_;
  std::optional<Calibration> calibration_;
};

std::vector<TensorSpec> specs_of(const ConversionPlan& plan) {
  std::vector<TensorSpec> specs;
  for (const PlannedTensor& tensor : plan.tensors) specs.push_back(tensor.spec);
  return specs;
}

}  // namespace

ConvertSummary convert(const ConversionPlan& plan, const std::filesystem::path& target,
                       const ProgressCallback& progress) {
  std::unordered_map<std::string_view, const PlannedTensor*> planned;
  for (const PlannedTensor& tensor : plan.tensors) planned[tensor.spec.name] = &tensor;
  SafetensorsWriter writer(target, specs_of(plan), plan.metadata, plan.stop);
  Conversion conversion(plan, writer, progress);
  ConvertSummary summary;
  for (const TensorSpec& spec : writer.tensors()) {
    const uint64_t n_overflowed = conversion.write(*planned.at(spec.name));
    if (summary.n_overflowed == 0 && n_overflowed > 0) summary.overflowed_tensor = spec.name;
    summary.n_overflowed += n_overflowed;
    summary.bytes += byte_size(spec);
    ++summary.n_tensors;
  }
  conversion.finish();
  writer.commit();
  return summary;
}

}  // namespace rwkv
