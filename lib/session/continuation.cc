#include "session/continuation.h"

#include <algorithm>
#include <utility>

#include "sampling/constraint/constraint.h"

namespace rwkv {
std::string_view stop_name(StopReason stop) {
  switch (stop) {
    case StopReason::kEndOfText:
      return "eos";
    case StopReason::kStop:
      return "stop";
    default:
      return "length";
  }
}

Continuation::Continuation(Sequence sequence, ContinuationOptions options)
    : sequence_(std::move(sequence)), options_(std::move(options)), stop_text_(options_.stop_texts) {
  if (options_.max_tokens == 0) stop(StopReason::kLength, 0);
}

void Continuation::draw_from(std::span<float> logits) {
  check_logits(logits);
  // Drawing changes the row; it is kept where it may be needed afterwards.
  std::vector<float> raw;
  if (options_.keep_end || options_.n_log_probs > 0) raw.assign(logits.begin(), logits.end());
  const TokenId id = draw(logits, options_.sampler, sequence_.sampler, scratch_);
  if (is_stop_id(id)) {
    sequence_.logits = std::move(raw);
    return release_held();
  }
  DrawnToken token = describe(id, raw);
  accept(std::move(token), std::move(raw));
}

bool Continuation::is_stop_id(TokenId id) {
  if (std::ranges::find(options_.stop_ids, id) != options_.stop_ids.end()) stop(StopReason::kStop, 0);
  if (options_.stop_at_end_of_text && id == kEndOfTextId) stop(StopReason::kEndOfText, 0);
  return stopped_ != StopReason::kNone;
}

// The text ends in front of its last n_unseen_bytes.
void Continuation::stop(StopReason reason, size_t n_unseen_bytes) {
  stopped_ = reason;
  const auto& constraint = options_.sampler.constraint;
  if (!constraint) return;
  ConstraintState shown = sequence_.sampler.constraint;
  if (n_unseen_bytes > 0) {
    shown.text.resize(shown.text.size() - std::min(n_unseen_bytes, shown.text.size()));
  }
  was_complete_ = constraint->is_complete(shown);
}

std::optional<bool> Continuation::is_complete() const {
  const auto& constraint = options_.sampler.constraint;
  if (!constraint || was_complete_) return was_complete_;
  return constraint->is_complete(sequence_.sampler.constraint);
}

std::string_view Continuation::bytes_of(TokenId id) const {
  return options_.bytes_of ? options_.bytes_of(id) : std::string_view();
}

void Continuation::record_token(TokenId id, SamplerState& sampler) const {
  const bool counts_one = options_.penalize_all || !options_.bytes_of;
  record(id, counts_one ? 1 : penalty_count(bytes_of(id)), options_.sampler, sampler);
}

TokenId Continuation::rehearse(std::span<float> logits, SamplerState& sampler) const {
  const TokenId id = draw(logits, options_.sampler, sampler, scratch_);
  record_token(id, sampler);
  return id;
}

DrawnToken Continuation::describe(TokenId id, std::span<const float> logits) const {
  if (options_.n_log_probs == 0) return {id, 0, {}};
  return {id, log_prob(logits, id), top_log_probs(logits, options_.n_log_probs)};
}

void Continuation::accept(DrawnToken token, std::vector<float> logits) {
  const TokenId id = token.id;
  const std::string_view bytes = bytes_of(id);
  const bool has_stop_text = stop_text_.add(bytes);
  bytes_ += bytes;
  n_safe_bytes_ = stop_text_.safe();
  held_.push_back({std::move(token), stop_text_.size(), std::nullopt});
  if (options_.keep_end && n_safe_bytes_ < stop_text_.size()) {
    held_.back().before = sequence_;
    held_.back().before->logits = std::move(logits);
  }
  record_token(id, sequence_.sampler);
  sequence_.pending = id;
  ++sequence_.n_tokens;
  ++n_drawn_;
  if (has_stop_text) {
    stop(StopReason::kStop, static_cast<size_t>(stop_text_.size() - n_safe_bytes_));
    return_to_last_shown();
  } else if (n_drawn_ == options_.max_tokens) {
    stop(StopReason::kLength, 0);
    release_held();
  }
}

void Continuation::return_to_last_shown() {
  const auto first = std::ranges::find_if(held_, [&](const Held& h) { return h.end > n_safe_bytes_; });
  if (first->before) sequence_ = std::move(*first->before);
  held_.erase(first, held_.end());
  bytes_.resize(n_safe_bytes_ - n_taken_bytes_);
}

void Continuation::release_held() { n_safe_bytes_ = n_taken_bytes_ + bytes_.size(); }

std::vector<DrawnToken> Continuation::take_tokens() {
  std::vector<DrawnToken> tokens;
  while (!held_.empty() && held_.front().end <= n_safe_bytes_) {
    tokens.push_back(std::move(held_.front().token));
    held_.pop_front();
  }
  return tokens;
}

std::string Continuation::take_bytes() {
  const auto n = static_cast<size_t>(n_safe_bytes_ - n_taken_bytes_);
  std::string taken = bytes_.substr(0, n);
  bytes_.erase(0, n);
  n_taken_bytes_ += n;
  return taken;
}

}  // namespace rwkv
