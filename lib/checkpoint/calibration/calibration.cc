#include "checkpoint/calibration/calibration.h"

#include <algorithm>

#include "core/error.h"

namespace rwkv {
namespace {

// More inputs are split into parts, and moments between the parts are taken to be 0.
constexpr size_t kMostInputs = 8192;

size_t size_of_part(size_t n_inputs) {
  const size_t n_parts = (n_inputs + kMostInputs - 1) / kMostInputs;
  return ((n_inputs + n_parts - 1) / n_parts + kQuantBlock - 1) / kQuantBlock * kQuantBlock;
}

}  // namespace

Calibration::Calibration(const ConversionPlan& plan, ThreadPool& pool, OnStep on_step)
    : pool_(pool), on_step_(std::move(on_step)), walk_(*plan.source, plan.calibration, pool) {
  for (const PlannedTensor& tensor : plan.tensors) {
    if (tensor.calibrated) wanted_.insert(tensor.spec.name);
  }
}

MatrixFeedback Calibration::take(const PlannedTensor& tensor) {
  while (next_layer_ <= walk_.n_layers() && !feedback_.contains(tensor.spec.name)) step();
  const auto found = feedback_.find(tensor.spec.name);
  if (found == feedback_.end()) return {};
  auto feedback = std::move(found->second);
  feedback_.erase(found);
  return feedback;
}

void Calibration::step() {
  const auto on_rows = [&](size_t n_done, size_t n_rows) {
    on_step_(static_cast<double>(n_done) / static_cast<double>(n_rows), next_layer_, walk_.n_layers() + 1);
  };
  walk_.step([&](const LayerWalk::Product& product) { add(product); }, on_rows);
  for (auto& one : seen_) {
    feedback_[one.first] = with_context(tensor_label(one.first), [&] { return end(std::move(one.second)); });
    on_rows(1, 1);
  }
  seen_.clear();
  ++next_layer_;
}

void Calibration::add(const LayerWalk::Product& product) {
  if (!wanted_.contains(product.tensor.name)) return;
  auto found = seen_.find(product.tensor.name);
  if (found == seen_.end()) found = seen_.emplace(product.tensor.name, begin(product, pool_)).first;
  Seen& seen = found->second;
  size_t first = 0;
  for (Moments& part : seen.parts) {
    part.add(product.inputs.cols_at(first, part.size()), {}, pool_);
    first += part.size();
  }
  if (seen.of_groups.empty()) return;
  const size_t n = product.inputs.rows;
  const auto roots = seen.groups.roots(product.outputs, seen.weigh, pool_);
  for (size_t g = 0; g < seen.of_groups.size(); ++g)
    seen.of_groups[g].add(product.inputs, std::span(roots).subspan(g * n, n), pool_);
}

Calibration::Seen Calibration::begin(const LayerWalk::Product& product, ThreadPool& pool) {
  Seen seen;
  const size_t n = product.inputs.cols, size = size_of_part(n);
  for (size_t first = 0; first < n; first += size) seen.parts.emplace_back(std::min(size, n - first));
  seen.weigh = weighing_of(product.tensor.name);
  if (seen.weigh != nullptr) seen.groups = group_outputs(product.weights, pool);
  for (size_t g = 0; g < seen.groups.sizes.size(); ++g) seen.of_groups.emplace_back(n);
  return seen;
}

MatrixFeedback Calibration::end(Seen seen) {
  for (auto* moments : {&seen.parts, &seen.of_groups}) {
    for (Moments& part : *moments) part.finish(pool_);
  }
  MatrixFeedback feedback{std::move(seen.groups.of_output), {}};
  for (const Moments& group : seen.of_groups)
    feedback.groups.push_back({make_feedback(0, group, &seen.parts.front())});
  if (!feedback.groups.empty()) return feedback;
  size_t first = 0;
  auto& parts = feedback.groups.emplace_back();
  for (const Moments& part : seen.parts) {
    parts.push_back(make_feedback(first, part));
    first += part.size();
  }
  return feedback;
}

}  // namespace rwkv
