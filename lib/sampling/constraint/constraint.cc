#include "sampling/constraint/constraint.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/error.h"
#include "sampling/constraint/automaton.h"
#include "sampling/constraint/recognizer.h"
#include "sampling/constraint/token_walk.h"

namespace rwkv {
namespace {

constexpr float kForbidden = -std::numeric_limits<float>::infinity();
constexpr size_t kMaxBytes = size_t{128} << 20;  // of what is kept between two tokens

}  // namespace

struct Constraint::Walks {
  Recognizer recognizer;
  TokenWalk walk;

  Walks(const Automaton& automaton, const TokenTrie& tokens)
      : recognizer(automaton), walk(tokens, recognizer) {}
  size_t n_bytes() const { return recognizer.n_bytes() + walk.n_bytes(); }
};

Constraint::Constraint(const Grammar& grammar, std::shared_ptr<const TokenTrie> tokens, std::string digest)
    : tokens_(std::move(tokens)),
      digest_(std::move(digest)),
      automaton_(std::make_unique<const Automaton>(grammar, tokens_->single_bytes())) {
  drop_walks();
}

Constraint::~Constraint() = default;

size_t Constraint::n_bytes() const {
  const std::lock_guard lock(mutex_);
  return walks_->n_bytes();
}

void Constraint::drop_walks() const {
  walks_ = std::make_unique<Walks>(*automaton_, *tokens_);
  epoch_ = std::make_shared<char>();
}

// Calls body(walks). When memory is full, all that is kept is dropped, and the body begins anew: whether it
// fails does not depend on what was kept.
template <class Body>
auto Constraint::with_walks(Body&& body) const {
  const std::lock_guard lock(mutex_);
  if (walks_->n_bytes() > kMaxBytes) drop_walks();
  try {
    return body(*walks_);
  } catch (const RecognizerFull&) {
    drop_walks();
  }
  try {
    return body(*walks_);
  } catch (const RecognizerFull&) {
    drop_walks();
    throw Error(ErrorKind::kUnsupported, "the grammar takes too much memory at this place of the text");
  }
}

// The recognizer's state of the text, read again if its number is of another time.
uint32_t Constraint::place(const ConstraintState& state, Walks& walks) const {
  if (state.digest != digest_) return walks.recognizer.start();
  if (state.epoch == epoch_) return state.place;
  return walks.recognizer.next(walks.recognizer.start(), state.text);
}

void Constraint::forbid(std::span<float> logits, const ConstraintState& state) const {
  bool may_end = false;
  const auto allowed = with_walks([&](Walks& walks) {
    const auto at = place(state, walks);
    if (at == Recognizer::kDead)
      throw Error(ErrorKind::kFormat, "what was drawn does not begin a text of the grammar");
    may_end = walks.recognizer.may_end(at);
    return walks.walk.tokens_at(at);
  });
  const float end = logits.empty() ? kForbidden : logits[kEndOfTextId];
  const auto words = allowed->words();
  for (size_t i = 0; i < logits.size(); i += 64) {
    const uint64_t word = i / 64 < words.size() ? words[i / 64] : 0;
    if (word == ~uint64_t{0}) continue;
    const size_t n = std::min<size_t>(64, logits.size() - i);
    for (size_t k = 0; k < n; ++k) logits[i + k] = (word >> k & 1) != 0 ? logits[i + k] : kForbidden;
  }
  if (may_end) logits[kEndOfTextId] = end;
}

void Constraint::advance(TokenId token, ConstraintState& state) const {
  const std::string_view bytes = token < tokens_->n_ids() ? tokens_->bytes_of(token) : std::string_view();
  with_walks([&](Walks& walks) {
    const auto at = walks.recognizer.next(place(state, walks), bytes);
    if (state.digest != digest_) state = {.digest = digest_};
    state.place = at;
    state.epoch = epoch_;
  });
  state.text += bytes;
}

bool Constraint::is_complete(std::string_view text) const {
  return with_walks([&](Walks& walks) {
    Recognizer& recognizer = walks.recognizer;
    return recognizer.may_end(recognizer.next(recognizer.start(), text));
  });
}

bool Constraint::is_complete(const ConstraintState& state) const {
  return is_complete(state.digest == digest_ ? std::string_view(state.text) : std::string_view());
}

}  // namespace rwkv
