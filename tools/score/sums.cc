#include "score/sums.h"

#include <algorithm>
#include <cmath>

#include "sampling/log_prob.h"

namespace rwkv {
namespace {

double mean(double sum, uint64_t n) { return sum / static_cast<double>(n); }

}  // namespace

void LikelihoodSum::add(double log_prob, size_t n_bytes) {
  ++tokens;
  bytes += n_bytes;
  nats -= log_prob;
}

double LikelihoodSum::nats_per_token() const { return mean(nats, tokens); }
double LikelihoodSum::perplexity() const { return std::exp(nats_per_token()); }
double LikelihoodSum::bits_per_byte() const { return mean(nats, bytes) / std::log(2.0); }

void LogitComparison::add(std::span<const float> old_logits, std::span<const float> new_logits) {
  const double old_sum = log_sum_exp(old_logits), new_sum = log_sum_exp(new_logits);
  double kl = 0;
  for (size_t i = 0; i < old_logits.size(); ++i) {
    const double difference = static_cast<double>(old_logits[i]) - static_cast<double>(new_logits[i]);
    kl += std::exp(old_logits[i] - old_sum) * (difference - (old_sum - new_sum));
    largest_difference_ = std::max(largest_difference_, std::abs(difference));
  }
  kl_ += kl;
  agreeing_rows_ += std::ranges::max_element(old_logits) - old_logits.begin() ==
                    std::ranges::max_element(new_logits) - new_logits.begin();
  ++rows_;
}

double LogitComparison::mean_kl() const { return mean(kl_, rows_); }
double LogitComparison::top1_share() const { return mean(static_cast<double>(agreeing_rows_), rows_); }

}  // namespace rwkv
