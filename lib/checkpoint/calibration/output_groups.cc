#include "checkpoint/calibration/output_groups.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/elementwise.h"
#include "kernels/matmul/matmul.h"
#include "kernels/softmax.h"
#include "model/tensor_role.h"
#include "tensor/pack.h"

namespace rwkv {
namespace {

constexpr size_t kMomentBytes = 128 << 20;  // of all groups
constexpr size_t kOutputsOfGroup = 8;       // at least, on average
constexpr int kRounds = 6;

void weigh_softmax(std::span<const float> outputs, std::span<float> weights) {
  std::ranges::copy(outputs, weights.begin());
  softmax(weights);
  for (float& p : weights) p *= 1 - p;
}

void weigh_relu_squared(std::span<const float> outputs, std::span<float> weights) {
  relu_squared(outputs, weights);
}

using Centres = std::vector<float>;  // [groups, inputs]

// The group to whose centre each output has the least angle.
std::vector<uint32_t> nearest_centres(const Matrix& weights, const Centres& centres, ThreadPool& pool) {
  const size_t n = centres.size() / weights.cols;
  std::vector<float> products(n * weights.rows);
  matmul({{&weights, MatSpan<const float>(centres.data(), n, weights.cols),
           MatSpan<float>(products.data(), n, weights.rows)}},
         pool);
  std::vector<float> inverse_lengths(n);
  for (size_t g = 0; g < n; ++g) {
    const auto centre = std::span(centres).subspan(g * weights.cols, weights.cols);
    const float squares = std::inner_product(centre.begin(), centre.end(), centre.begin(), 0.0F);
    inverse_lengths[g] = squares > 0 ? 1 / std::sqrt(squares) : 0;
  }
  std::vector<uint32_t> nearest(weights.rows);
  for (size_t o = 0; o < weights.rows; ++o) {
    float best = products[o] * inverse_lengths[0];
    for (size_t g = 1; g < n; ++g) {
      const float cosine = products[g * weights.rows + o] * inverse_lengths[g];
      if (cosine > best) best = cosine, nearest[o] = static_cast<uint32_t>(g);
    }
  }
  return nearest;
}

// Calls body(output, its weights) for each output.
template <class Body>
void for_outputs(const Matrix& weights, Body&& body) {
  constexpr size_t kAtOnce = 256;
  const TensorView view{.name = {},
                        .dtype = weights.dtype,
                        .shape = {weights.rows, weights.cols},
                        .bytes = weights.bytes,
                        .layout = weights.layout};
  std::vector<float> values(kAtOnce * weights.cols);
  for (size_t first = 0; first < weights.rows; first += kAtOnce) {
    const size_t n = std::min(kAtOnce, weights.rows - first);
    unpack_rows(view, first, n, std::span(values).first(n * weights.cols));
    for (size_t i = 0; i < n; ++i)
      body(first + i, std::span<const float>(values).subspan(i * weights.cols, weights.cols));
  }
}

}  // namespace

WeighOutputs weighing_of(std::string_view tensor_name) {
  if (tensor_name == "head.weight") return weigh_softmax;
  return layer_name_of(tensor_name).rest == "ffn.key.weight" ? weigh_relu_squared : nullptr;
}

std::vector<float> OutputGroups::roots(MatSpan<const float> outputs, WeighOutputs weigh,
                                       ThreadPool& pool) const {
  std::vector<float> roots(sizes.size() * outputs.rows);
  pool.for_ranges(outputs.rows, 1, [&](size_t begin, size_t end) {
    std::vector<float> weights(outputs.cols), sums(sizes.size());
    for (size_t row = begin; row < end; ++row) {
      weigh(outputs.row(row), weights);
      std::ranges::fill(sums, 0.0F);
      for (size_t o = 0; o < weights.size(); ++o) sums[of_output[o]] += weights[o];
      for (size_t g = 0; g < sums.size(); ++g)
        roots[g * outputs.rows + row] = std::sqrt(sums[g] / static_cast<float>(std::max(1U, sizes[g])));
    }
  });
  return roots;
}

OutputGroups group_outputs(const Matrix& weights, ThreadPool& pool) {
  const size_t n =
      std::min(kMomentBytes / (weights.cols * weights.cols * sizeof(double)), weights.rows / kOutputsOfGroup);
  if (n < 2) return {};
  Centres centres(n * weights.cols);
  const auto centre = [&](size_t group) {
    return std::span(centres).subspan(group * weights.cols, weights.cols);
  };
  for_outputs(weights, [&](size_t output, auto values) {
    const size_t group = output * n / weights.rows;
    if (group * weights.rows / n == output || output == 0) std::ranges::copy(values, centre(group).begin());
  });
  OutputGroups groups;
  for (int round = 0;; ++round) {
    groups.of_output = nearest_centres(weights, centres, pool);
    if (round == kRounds) break;
    std::ranges::fill(centres, 0.0F);
    for_outputs(weights, [&](size_t output, auto values) {
      const auto sum = centre(groups.of_output[output]);
      for (size_t i = 0; i < values.size(); ++i) sum[i] += values[i];
    });
  }
  groups.sizes.resize(n);
  for (const uint32_t group : groups.of_output) ++groups.sizes[group];
  return groups;
}

}  // namespace rwkv
