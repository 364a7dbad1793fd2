#include "checkpoint/calibration/feedback.h"

// Block sizes by the caches of this machine would change the order of sums.
#define EIGEN_NO_CPUID
#include <Eigen/Cholesky>
#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/error.h"

namespace rwkv {
namespace {

constexpr double kDamping = 0.01, kOthersShare = 0.05;

// Of H_jj; 1 where all are 0.
double mean_of(const Moments& moments) {
  double sum = 0;
  for (size_t i = 0; i < moments.size(); ++i) sum += moments.at(i, i);
  if (!std::isfinite(sum)) throw Error(ErrorKind::kFormat, "the text makes inputs that are not finite");
  return sum > 0 ? sum / static_cast<double>(moments.size()) : 1;
}

// H, each moment divided by the mean of the H_jj.
class Scaled {
 public:
  Scaled(const Moments& moments, const Moments* others)
      : moments_(moments),
        others_(others),
        mean_(mean_of(moments)),
        others_mean_(others != nullptr ? mean_of(*others) : 1) {}
  double at(size_t i, size_t j) const {
    return moments_.at(i, j) / mean_ +
           (others_ != nullptr ? kOthersShare * others_->at(i, j) / others_mean_ : 0);
  }

 private:
  const Moments& moments_;
  const Moments* others_;
  double mean_, others_mean_;
};

std::vector<uint32_t> order_of(const Scaled& moments, size_t size) {
  std::vector<double> weight_of_block((size + kQuantBlock - 1) / kQuantBlock);
  for (size_t i = 0; i < size; ++i) weight_of_block[i / kQuantBlock] += moments.at(i, i);
  std::vector<uint32_t> order(size);
  std::iota(order.begin(), order.end(), 0U);
  std::ranges::stable_sort(order, [&](uint32_t a, uint32_t b) {
    const size_t block_a = a / kQuantBlock, block_b = b / kQuantBlock;
    if (block_a == block_b) return moments.at(a, a) > moments.at(b, b);
    if (weight_of_block[block_a] != weight_of_block[block_b])
      return weight_of_block[block_a] > weight_of_block[block_b];
    return block_a < block_b;
  });
  return order;
}

// L of H + λ = L Lᵀ with rows and columns in the opposite order: V_ij = L_(n−1−i)(n−1−j).
Eigen::MatrixXd factor(const Scaled& moments, const std::vector<uint32_t>& order) {
  const auto n = static_cast<Eigen::Index>(order.size());
  Eigen::MatrixXd h(n, n);
  for (Eigen::Index j = 0; j < n; ++j) {
    for (Eigen::Index i = j; i < n; ++i) {
      const auto [low, high] =
          std::minmax(order[static_cast<size_t>(n - 1 - i)], order[static_cast<size_t>(n - 1 - j)]);
      h(i, j) = moments.at(high, low) + (i == j ? kDamping : 0);
    }
  }
  const Eigen::LLT<Eigen::Ref<Eigen::MatrixXd>> cholesky(h);
  if (cholesky.info() != Eigen::Success)
    throw Error(ErrorKind::kFormat, "the moments of the text's inputs have no factor");
  return h;
}

}  // namespace

Feedback make_feedback(size_t begin, const Moments& moments, const Moments* others) {
  const Scaled scaled(moments, others);
  Feedback feedback{begin, moments.size(), order_of(scaled, moments.size()), {}};
  const Eigen::MatrixXd l = factor(scaled, feedback.order);
  const auto v = [&, last = l.rows() - 1](size_t i, size_t j) {
    return l(last - static_cast<Eigen::Index>(i), last - static_cast<Eigen::Index>(j));
  };
  for (size_t first = 0; first < feedback.size;) {
    Feedback::Block block{.first = first};
    const auto id = [&](size_t i) { return feedback.order[i] / kQuantBlock; };
    while (first + block.size < feedback.size && id(first + block.size) == id(first)) ++block.size;
    for (size_t i = 0; i < first + block.size; ++i) {
      for (size_t j = first; j < first + block.size; ++j) {
        const auto share = i < j ? static_cast<float>(v(i, j) / v(j, j)) : 0.0F;
        (i < first ? block.before : block.within).push_back(share);
      }
    }
    for (size_t j = first; j < first + block.size; ++j)
      block.precision.push_back(static_cast<float>(v(j, j) * v(j, j)));
    first += block.size;
    feedback.blocks.push_back(std::move(block));
  }
  return feedback;
}

}  // namespace rwkv
