#include "session/draft_length.h"

#include <algorithm>
#include <cmath>

namespace rwkv {
namespace {

constexpr double kNewTime = 0.2, kNewAcceptance = 0.05;  // the share of the latest in the averages
constexpr size_t kFirstWeight = 4;                       // of the acceptance assumed, in tokens compared
constexpr size_t kDraftsInARow = 64;
constexpr double kRowCost = 0.03;  // of a pass, for rows that no pass had yet
constexpr size_t kTrial = 2;

void average(double& mean, double value, double share) {
  mean = mean == 0 ? value : mean + share * (value - mean);
}

double tokens_a_pass(double acceptance, size_t n_drafted) {
  const auto n = static_cast<double>(n_drafted + 1);
  return acceptance > 0.999 ? n : (1 - std::pow(acceptance, n)) / (1 - acceptance);
}

}  // namespace

size_t DraftLength::longest(size_t n_sequences) const {
  if (n_sequences == 0 || n_sequences > kRowsOfPass) return 0;
  return std::min(longest_, kRowsOfPass / n_sequences - 1);
}

size_t DraftLength::next(size_t n_sequences) {
  is_trial_ = false;
  if (longest(n_sequences) == 0 || pass_seconds_[n_sequences] == 0) return 0;  // nothing to compare with yet
  if (const size_t n = best(n_sequences); n > 0) {
    n_passed_over_ = 0;
    n_to_pass_over_ = kFewest;
    n_in_a_row_ = (n_in_a_row_ + 1) % kDraftsInARow;
    return n_in_a_row_ == 0 ? 0 : n;
  }
  if (++n_passed_over_ < n_to_pass_over_) return 0;
  n_passed_over_ = 0;
  is_trial_ = true;
  return std::min(kTrial, longest(n_sequences));
}

void DraftLength::observe_draft(size_t n_tokens, double seconds) {
  if (n_tokens > 0) average(draft_seconds_, seconds / static_cast<double>(n_tokens), kNewTime);
}

void DraftLength::observe_pass(size_t n_rows, double seconds) {
  average(pass_seconds_[std::min(n_rows, kRowsOfPass)], seconds, kNewTime);
}

void DraftLength::observe_accepted(size_t n_compared, size_t n_right) {
  for (size_t i = 0; i < n_compared; ++i) {
    const double share = 1.0 / static_cast<double>(kFirstWeight + ++n_compared_);
    acceptance_ += std::max(share, kNewAcceptance) * ((i < n_right ? 1 : 0) - acceptance_);
  }
  if (!is_trial_ || n_compared == 0) return;
  is_trial_ = false;
  n_to_pass_over_ = n_right == n_compared ? kFewest : std::min(2 * n_to_pass_over_, kMost);
}

// Between the rows that are known; beyond them a little more for each.
double DraftLength::pass_seconds(size_t n_rows) const {
  size_t below = n_rows, above = n_rows;
  while (below > 0 && pass_seconds_[below] == 0) --below;
  while (above < kRowsOfPass && pass_seconds_[above] == 0) ++above;
  const double low = pass_seconds_[below], high = pass_seconds_[above];
  if (below == 0) return high;
  const auto further = static_cast<double>(n_rows - below);
  if (high == 0) return low * (1 + kRowCost * further);
  return above == below ? low : low + (high - low) * further / static_cast<double>(above - below);
}

size_t DraftLength::best(size_t n_sequences) const {
  size_t best = 0;
  double best_rate = 0;
  for (size_t n = 0; n <= longest(n_sequences); ++n) {
    const double seconds = pass_seconds(n_sequences * (n + 1)) + static_cast<double>(n) * draft_seconds_;
    const double rate = tokens_a_pass(acceptance_, n) / seconds;
    if (rate > best_rate) best = n, best_rate = rate;
  }
  return best;
}

}  // namespace rwkv
