// One continuation of a sequence: which ids are drawn, which of them may be shown, and when it ends.
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sampling/constraint/constraints.h"
#include "sampling/log_prob.h"
#include "sampling/sampler.h"
#include "sampling/stop_text.h"
#include "session/runner.h"
#include "session/sequence.h"

namespace rwkv {

inline constexpr uint64_t kUnlimited = std::numeric_limits<uint64_t>::max();
inline constexpr size_t kMaxLogProbs = 1000;

struct ContinuationOptions {
  SamplerOptions sampler{};
  std::optional<ConstraintText> constraint{};  // what the text may be, as given; sampler.constraint binds
  std::shared_ptr<Constraints> constraints{};  // over the vocabulary, for making sampler.constraint
  uint64_t max_tokens = kUnlimited;
  bool stop_at_end_of_text = true;        // stop at id 0
  std::vector<TokenId> stop_ids{};        // stop at these ids; never shown
  std::vector<std::string> stop_texts{};  // stop in front of these texts; no part of them is shown
  std::function<std::string_view(TokenId)> bytes_of{};  // a token's bytes; needed for stop_texts
  bool penalize_all = false;  // frequency also counts digits and spaces; implied without bytes_of
  size_t n_log_probs = 0;     // up to kMaxLogProbs; > 0: give log-probabilities, also of the n likeliest
  bool keep_end = false;      // sequence() will be needed at the end
};

enum class StopReason { kNone, kLength, kEndOfText, kStop };

// "length", "eos" or "stop".
std::string_view stop_name(StopReason stop);

struct DrawnToken {
  TokenId id = 0;
  double log_prob = 0;  // this and most_likely only if n_log_probs > 0
  std::vector<TokenLogProb> most_likely{};
};

class Continuation {
 public:
  Continuation(Sequence sequence, ContinuationOptions options);

  StopReason stopped() const { return stopped_; }
  // Whether the text that is shown, or would be if it ended now, is one that the sampler's constraint wants
  // as a whole. Nothing without a constraint.
  std::optional<bool> is_complete() const;
  // Feed it for the next draw. After the stop the sequence ends with the last token shown, if `keep_end` was
  // set.
  Sequence& sequence() { return sequence_; }
  const Sequence& sequence() const { return sequence_; }
  bool keeps_end() const { return options_.keep_end; }
  uint64_t n_left() const { return options_.max_tokens - n_drawn_; }  // tokens that it may still draw
  // Whether, at the end, sequence() may stand before the last token drawn.
  bool may_return() const { return options_.keep_end && !options_.stop_texts.empty(); }
  // Draws one token from the logits after sequence(); changes the row. Only while stopped() is kNone. Error
  // kFormat when a logit is not finite, or no token is left to draw.
  void draw_from(std::span<float> logits);
  // The token that draw_from(logits) would draw with this sampler state. Changes the row, and advances the
  // sampler state by this token.
  TokenId rehearse(std::span<float> logits, SamplerState& sampler) const;
  // Ends the wait for a stop text: all that was held back may be shown.
  void release_held();
  // The tokens that may be shown and were not returned before.
  std::vector<DrawnToken> take_tokens();
  // The bytes that may be shown and were not returned before: those of whole tokens, and of a token in which
  // a stop text begins those in front of it. Empty without `bytes_of`.
  std::string take_bytes();

 private:
  struct Held {
    DrawnToken token;
    uint64_t end = 0;                // where the token's bytes end in the text
    std::optional<Sequence> before;  // the sequence in front of this token
  };

  bool is_stop_id(TokenId id);
  std::string_view bytes_of(TokenId id) const;
  void stop(StopReason reason, size_t n_unseen_bytes);
  void record_token(TokenId id, SamplerState& sampler) const;
  DrawnToken describe(TokenId id, std::span<const float> logits) const;
  void accept(DrawnToken token, std::vector<float> logits);
  void return_to_last_shown();

  Sequence sequence_;
  ContinuationOptions options_;
  mutable DrawScratch scratch_;  // rehearse() draws, too
  StopText stop_text_;
  StopReason stopped_ = StopReason::kNone;
  std::optional<bool> was_complete_{};  // when it stopped
  uint64_t n_drawn_ = 0, n_safe_bytes_ = 0, n_taken_bytes_ = 0;
  std::deque<Held> held_;  // tokens not returned yet
  std::string bytes_;      // of the text, from n_taken_bytes_ on
};

}  // namespace rwkv
