// Guesses the next tokens of a sequence, so that the model can check several at once.
#pragma once
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "session/continuation.h"

namespace rwkv {

// A drafter's memory of one sequence.
class DraftMemory {
 public:
  virtual ~DraftMemory() = default;
  // Appends tokens that the sequence now has, after those added before. Ends the use of earlier
  // proposals.
  virtual void add(std::span<const TokenId> tokens) = 0;
};

// A request for tokens that may come next.
struct DraftRequest {
  DraftMemory* memory;
  const Continuation* continuation;  // will draw the tokens
  size_t n_tokens;                   // at most; not 0
  std::vector<TokenId> tokens{};     // the answer; may be empty
};

// Used by one thread at a time. A guess changes the time that a text takes, never the text.
class Drafter {
 public:
  virtual ~Drafter() = default;
  // The memory for one sequence; `tokens` are its last tokens, as far as they are known.
  virtual std::unique_ptr<DraftMemory> follow(const Sequence& sequence,
                                              std::span<const TokenId> tokens) const = 0;
  // Does work in advance that only some drafts need, so that it does not count as their cost: reads the new
  // tokens of a sequence.
  virtual void read(std::span<DraftRequest> /*requests*/) {}
  // Answers all requests. Each has a memory of its own, made by this drafter.
  virtual void propose(std::span<DraftRequest> requests) = 0;
};

}  // namespace rwkv
