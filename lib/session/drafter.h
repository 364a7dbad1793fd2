// Guesses at what comes next in a sequence, for the model to check several at once.
#pragma once
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "session/continuation.h"

namespace rwkv {

// What a drafter remembers of one sequence.
class DraftMemory {
 public:
  virtual ~DraftMemory() = default;
  // The sequence has these tokens now, behind those added before. Whatever was proposed before is settled by
  // that.
  virtual void add(std::span<const TokenId> tokens) = 0;
};

// Asks for tokens that may come next.
struct DraftRequest {
  DraftMemory* memory;
  const Continuation* continuation;  // that will draw them
  size_t n_tokens;                   // at most; not 0
  std::vector<TokenId> tokens{};     // the answer, maybe empty
};

// Used by one thread at a time. A guess changes how long a text takes, never the text.
class Drafter {
 public:
  virtual ~Drafter() = default;
  // The memory for one sequence, whose last tokens, as far as they are known, are `tokens`.
  virtual std::unique_ptr<DraftMemory> follow(const Sequence& sequence,
                                              std::span<const TokenId> tokens) const = 0;
  // Does beforehand what only some drafts need, so that it does not count as their cost: reads what is new in
  // a sequence.
  virtual void read(std::span<DraftRequest> /*requests*/) {}
  // Answers all requests, each with a memory of its own, made by this drafter.
  virtual void propose(std::span<DraftRequest> requests) = 0;
};

}  // namespace rwkv
