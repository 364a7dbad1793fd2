// Chooses how many tokens to draft, from measured times of drafts and passes and from past acceptance.
#pragma once
#include <array>
#include <cstddef>

#include "model/model.h"

namespace rwkv {

// With acceptance p of a drafted token, a pass over K drafted tokens yields (1 − p^(K+1)) / (1 − p) tokens
// (Leviathan et al. 2023, "Fast Inference from Transformers via Speculative Decoding", equation 1). Takes the
// K with the most tokens a second. If that is 0, still tries a short draft now and then, ever more rarely
// while trials fail. If not, runs a pass without a draft now and then, so that the time to compare with stays
// true.
class DraftLength {
 public:
  explicit DraftLength(size_t longest) : longest_(longest) {}

  size_t longest(size_t n_sequences) const;  // that fits into a pass

  // Tokens to draft for each of n_sequences.
  size_t next(size_t n_sequences);
  // Measured times: of drafting n_tokens, one after the other, for all sequences together; of a pass over
  // rows.
  void observe_draft(size_t n_tokens, double seconds);
  void observe_pass(size_t n_rows, double seconds);
  // Of n_compared drafted tokens that were compared with drawn ones, n_right were equal.
  void observe_accepted(size_t n_compared, size_t n_right);

 private:
  double pass_seconds(size_t n_rows) const;
  size_t best(size_t n_sequences) const;

  size_t longest_;
  double acceptance_ = 0.8;
  size_t n_compared_ = 0;
  double draft_seconds_ = 0;                            // for one token
  std::array<double, kRowsOfPass + 1> pass_seconds_{};  // by rows; 0: not known
  size_t n_in_a_row_ = 0;                               // successive passes with drafts
  // While drafts do not pay.
  size_t n_passed_over_ = 0, n_to_pass_over_ = kFewest;
  bool is_trial_ = false;
  static constexpr size_t kFewest = 8, kMost = 512;
};

}  // namespace rwkv
