// How many tokens are worth drafting, judged by what drafts, passes and acceptance were so far.
#pragma once
#include <array>
#include <cstddef>

#include "model/model.h"

namespace rwkv {

// With acceptance p of a drafted token, a pass over K drafted tokens yields (1 − p^(K+1)) / (1 − p) tokens
// (Leviathan et al. 2023, "Fast Inference from Transformers via Speculative Decoding", equation 1). K is the
// one that yields most in a second. Where that is 0, a short draft is still tried now and then, more and more
// rarely while trials go wrong. Where it is not, a pass now and then goes without, so that what drafts are
// compared with stays true.
class DraftLength {
 public:
  explicit DraftLength(size_t longest) : longest_(longest) {}

  size_t longest(size_t n_sequences) const;  // that fits into a pass

  // Tokens to draft for each of n_sequences.
  size_t next(size_t n_sequences);
  // What things took: drafting tokens, each behind the one before, for all sequences together; a pass over
  // rows.
  void observe_draft(size_t n_tokens, double seconds);
  void observe_pass(size_t n_rows, double seconds);
  // Of the drafted tokens that were compared with what was drawn, these were right.
  void observe_accepted(size_t n_compared, size_t n_right);

 private:
  double pass_seconds(size_t n_rows) const;
  size_t best(size_t n_sequences) const;

  size_t longest_;
  double acceptance_ = 0.8;
  size_t n_compared_ = 0;
  double draft_seconds_ = 0;                            // a token
  std::array<double, kRowsOfPass + 1> pass_seconds_{};  // by rows; 0: not known
  size_t n_in_a_row_ = 0;                               // passes with drafts
  // While no draft is worth it.
  size_t n_passed_over_ = 0, n_to_pass_over_ = kFewest;
  bool is_trial_ = false;
  static constexpr size_t kFewest = 8, kMost = 512;
};

}  // namespace rwkv
