// Log-probabilities of a model's own distribution.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace rwkv {

struct TokenLogProb {
  uint32_t token = 0;
  double log_prob = 0;  // natural logarithm
};

// ln Σ exp(logits[i]), added in double and in order. Logits are finite or -inf.
double log_sum_exp(std::span<const float> logits);
double log_sum_exp(std::span<const float> logits, float largest);  // if the largest is known

// all_finite: whether all values are finite. check_logits: Error kFormat otherwise; a broken model or state
// gives such logits, and no figure may come from them.
bool all_finite(std::span<const float> values);
void check_logits(std::span<const float> logits);

// ln p of one token.
double log_prob(std::span<const float> logits, uint32_t token);

// The n most likely tokens, most likely first; of equal ones the lower id first.
std::vector<TokenLogProb> top_log_probs(std::span<const float> logits, size_t n);

}  // namespace rwkv
