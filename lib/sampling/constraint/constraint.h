// What a text that is drawn may be: which tokens may follow, and whether it is complete.
#pragma once
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>

#include "sampling/constraint/constraint_state.h"
#include "sampling/constraint/grammar.h"
#include "sampling/constraint/token_trie.h"

namespace rwkv {

class Automaton;

// A grammar over a vocabulary. Results for a place in a text are cached in bounded memory, for all callers.
// Several threads may use one constraint.
class Constraint {
 public:
  // `digest` names it in state files: that of the text it was made of. Error as of Automaton().
  Constraint(const Grammar& grammar, std::shared_ptr<const TokenTrie> tokens, std::string digest);
  Constraint(const Constraint&) = delete;
  Constraint& operator=(const Constraint&) = delete;
  ~Constraint();

  // Sets the logit of every token that may not follow to -inf. A token may follow if its bytes continue a
  // text of the language that single-byte tokens can complete (real vocabularies have all 256). The end of
  // text (id 0) may follow where the text is complete; ids without bytes may follow nowhere. A state of
  // another constraint counts as the beginning. Error kUnsupported: the text is too ambiguous; kFormat: the
  // state's text does not begin a text of the language.
  void forbid(std::span<float> logits, const ConstraintState& state) const;
  // Appends a token to the text. A token that may not follow makes the next forbid() throw an Error.
  void advance(TokenId token, ConstraintState& state) const;
  // Whether a text is one of the language, as a whole.
  bool is_complete(std::string_view text) const;
  bool is_complete(const ConstraintState& state) const;

  const std::string& digest() const { return digest_; }
  size_t n_bytes() const;  // of memory, approximately

 private:
  struct Walks;  // the states made so far, with their results

  void drop_walks() const;
  template <class Body>
  auto with_walks(Body&& body) const;
  uint32_t place(const ConstraintState& state, Walks& walks) const;

  std::shared_ptr<const TokenTrie> tokens_;
  std::string digest_;
  std::unique_ptr<const Automaton> automaton_;
  mutable std::mutex mutex_;  // guards the members below
  mutable std::unique_ptr<Walks> walks_;
  mutable std::shared_ptr<const void> epoch_;  // another one whenever walks_ begin anew
};

}  // namespace rwkv
