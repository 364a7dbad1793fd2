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

// A grammar over a vocabulary. What has been found out about a place in a text is kept, in bounded memory,
// for all who use it; may be used by several threads.
class Constraint {
 public:
  // `digest` names it in state files: that of the text it was made of. Error as of Automaton().
  Constraint(const Grammar& grammar, std::shared_ptr<const TokenTrie> tokens, std::string digest);
  Constraint(const Constraint&) = delete;
  Constraint& operator=(const Constraint&) = delete;
  ~Constraint();

  // Puts -inf for every token that may not follow: one whose bytes no text of the language goes on with, or
  // only such as needs a byte that is no token by itself (real vocabularies have all of them). The end of a
  // text (id 0) may follow where the text is complete, and ids without bytes nowhere. A state of another
  // constraint counts as the beginning. Error kUnsupported: the grammar lets a text be read in too many ways;
  // kFormat: the state's text does not begin a text of the language.
  void forbid(std::span<float> logits, const ConstraintState& state) const;
  // Takes a token into the text. One that may not follow is an Error of the next forbid().
  void advance(TokenId token, ConstraintState& state) const;
  // Whether a text is one of the language, as a whole.
  bool is_complete(std::string_view text) const;
  bool is_complete(const ConstraintState& state) const;

  const std::string& digest() const { return digest_; }
  size_t n_bytes() const;  // of memory, about

 private:
  struct Walks;  // the states made so far, and what is known of each

  void drop_walks() const;
  template <class Body>
  auto with_walks(Body&& body) const;
  uint32_t place(const ConstraintState& state, Walks& walks) const;

  std::shared_ptr<const TokenTrie> tokens_;
  std::string digest_;
  std::unique_ptr<const Automaton> automaton_;
  mutable std::mutex mutex_;  // of what follows
  mutable std::unique_ptr<Walks> walks_;
  mutable std::shared_ptr<const void> epoch_;  // another one whenever walks_ begin anew
};

}  // namespace rwkv
