#include "score/sums.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "sampling/log_prob.h"

namespace rwkv {
namespace {

double mean(double sum, uint64_t n) { return sum / static_cast<double>(n); }

// The standard error of the mean of n numbers, given their sum and the sum of their squares.
double error_of_mean(double sum, double squares, uint64_t n) {
  if (n < 2) return std::nan("");
  return std::sqrt(std::max(0.0, mean(squares, n) - mean(sum, n) * mean(sum, n)) /
                   static_cast<double>(n - 1));
}

}  // namespace

void LikelihoodSum::add(double log_prob, size_t n_bytes) {
  ++tokens;
  bytes += n_bytes;
  nats -= log_prob;
  squares += log_prob * log_prob;
}

double LikelihoodSum::nats_per_token() const { return mean(nats, tokens); }
double LikelihoodSum::perplexity() const { return std::exp(nats_per_token()); }
double LikelihoodSum::perplexity_error() const { return perplexity() * error_of_mean(nats, squares, tokens); }
double LikelihoodSum::bits_per_byte() const { return mean(nats, bytes) / std::log(2.0); }

void LogitComparison::add(std::span<const float> old_logits, std::span<const float> new_logits,
                          std::optional<TokenId> next) {
  const double old_sum = log_sum_exp(old_logits), new_sum = log_sum_exp(new_logits);
  double kl = 0;
  for (size_t i = 0; i < old_logits.size(); ++i) {
    const double difference = static_cast<double>(old_logits[i]) - static_cast<double>(new_logits[i]);
    kl += std::exp(old_logits[i] - old_sum) * (difference - (old_sum - new_sum));
    largest_difference_ = std::max(largest_difference_, std::abs(difference));
  }
  kl_.push_back(kl);
  agreeing_rows_ += std::ranges::max_element(old_logits) - old_logits.begin() ==
                    std::ranges::max_element(new_logits) - new_logits.begin();
  if (!next) return;
  const double change = std::exp(new_logits[*next] - new_sum) - std::exp(old_logits[*next] - old_sum);
  changes_ += change;
  squared_changes_ += change * change;
  ++n_changes_;
}

double LogitComparison::mean_kl() const { return mean(std::accumulate(kl_.begin(), kl_.end(), 0.0), rows()); }

double LogitComparison::kl_error() const {
  const double sum = std::accumulate(kl_.begin(), kl_.end(), 0.0);
  return error_of_mean(sum, std::inner_product(kl_.begin(), kl_.end(), kl_.begin(), 0.0), rows());
}

double LogitComparison::kl_percentile(double percent) const {
  if (kl_.empty()) return std::nan("");
  std::vector<double> sorted = kl_;
  const double rank = std::ceil(percent / 100 * static_cast<double>(sorted.size()));
  const auto nth = sorted.begin() + static_cast<std::ptrdiff_t>(std::max(1.0, rank)) - 1;
  std::ranges::nth_element(sorted, nth);
  return *nth;
}

double LogitComparison::top1_share() const { return mean(static_cast<double>(agreeing_rows_), rows()); }
double LogitComparison::mean_change() const { return mean(changes_, n_changes_); }
double LogitComparison::rms_change() const { return std::sqrt(mean(squared_changes_, n_changes_)); }

}  // namespace rwkv
