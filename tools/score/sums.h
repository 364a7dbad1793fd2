// The sums of rwkv-score.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/token.h"

namespace rwkv {

// Log-likelihood of the scored tokens.
struct LikelihoodSum {
  uint64_t tokens = 0, bytes = 0;
  double nats = 0;     // the sum of -ln p
  double squares = 0;  // the sum of (ln p)²

  void add(double log_prob, size_t n_bytes);
  // NaN without any token.
  double nats_per_token() const;
  double perplexity() const;
  double perplexity_error() const;  // standard error, as if tokens were independent; NaN below two tokens
  double bits_per_byte() const;
};

// The shares of rows whose KL rwkv-score prints: as many have no larger one.
inline constexpr std::array kKlPercentiles = {50.0, 90.0, 99.0, 99.9};

// Compares the logits of two models after the same tokens.
class LogitComparison {
 public:
  // `next`, if known, is the token that follows in the text.
  void add(std::span<const float> old_logits, std::span<const float> new_logits, std::optional<TokenId> next);

  uint64_t rows() const { return kl_.size(); }
  // NaN when there was no row.
  double mean_kl() const;                      // KL(old || new), nats
  double kl_error() const;                     // its standard error, as if rows were independent
  double kl_percentile(double percent) const;  // by nearest rank
  double top1_share() const;  // share of rows in which both have the same likeliest token (ties: lowest id)
  double largest_difference() const { return largest_difference_; }  // of two logits
  // New minus old probability of the tokens that follow.
  double mean_change() const;
  double rms_change() const;

 private:
  std::vector<double> kl_;  // of each row
  uint64_t agreeing_rows_ = 0, n_changes_ = 0;
  double largest_difference_ = 0, changes_ = 0, squared_changes_ = 0;
};

}  // namespace rwkv
