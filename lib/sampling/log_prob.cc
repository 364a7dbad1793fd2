#include "sampling/log_prob.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "core/error.h"
#include "kernels/softmax.h"

namespace rwkv {

double log_sum_exp(std::span<const float> logits) {
  return log_sum_exp(logits, *std::ranges::max_element(logits));
}

double log_sum_exp(std::span<const float> logits, float largest) {
  return largest + std::log(sum_exp(logits, largest));
}

bool all_finite(std::span<const float> values) {
  bool all = true;
  for (const float x : values) all &= std::abs(x) <= std::numeric_limits<float>::max();
  return all;
}

void check_logits(std::span<const float> logits) {
  if (!all_finite(logits))
    throw Error(ErrorKind::kFormat, "logits that are no finite numbers: the model or the state is broken");
}

double log_prob(std::span<const float> logits, uint32_t token) { return logits[token] - log_sum_exp(logits); }

std::vector<TokenLogProb> top_log_probs(std::span<const float> logits, size_t n) {
  n = std::min(n, logits.size());
  std::vector<uint32_t> ids(logits.size());
  std::iota(ids.begin(), ids.end(), 0U);
  const auto before = [&](uint32_t a, uint32_t b) {
    return logits[a] > logits[b] || (logits[a] == logits[b] && a < b);
  };
  std::partial_sort(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(n), ids.end(), before);
  const double sum = log_sum_exp(logits);
  std::vector<TokenLogProb> top(n);
  for (size_t i = 0; i < n; ++i) top[i] = {ids[i], logits[ids[i]] - sum};
  return top;
}

}  // namespace rwkv
