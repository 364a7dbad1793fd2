// The sums of rwkv-score.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

namespace rwkv {

// Log-likelihood of the scored tokens.
struct LikelihoodSum {
  uint64_t tokens = 0, bytes = 0;
  double nats = 0;  // -ln p of all of them

  void add(double log_prob, size_t n_bytes);
  // NaN without any token.
  double nats_per_token() const;
  double perplexity() const;
  double bits_per_byte() const;
};

// Compares the logits of two models after the same tokens.
class LogitComparison {
 public:
  void add(std::span<const float> old_logits, std::span<const float> new_logits);

  uint64_t rows() const { return rows_; }
  // NaN when there was no row.
  double mean_kl() const;     // KL(old || new), nats
  double top1_share() const;  // share of rows in which both have the same likeliest token (ties: lowest id)
  double largest_difference() const { return largest_difference_; }  // of two logits

 private:
  uint64_t rows_ = 0, agreeing_rows_ = 0;
  double kl_ = 0, largest_difference_ = 0;
};

}  // namespace rwkv
