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

// ln sum_i exp(logits[i]), added up in double and in order. Logits are finite or -inf.
double log_sum_exp(std::span<const float> logits);
double log_sum_exp(std::span<const float> logits, float largest);  // where the largest is known

// Whether all are finite, as a model's logits must be. Error kFormat when they are not: what a model that is
// broken, or a state that is, makes of a text is no figure.
bool all_finite(std::span<const float> values);
void check_logits(std::span<const float> logits);

// ln p of one token.
double log_prob(std::span<const float> logits, uint32_t token);

// The n most likely tokens, most likely first; of equals the lower id first.
std::vector<TokenLogProb> top_log_probs(std::span<const float> logits, size_t n);

}  // namespace rwkv
