// Draws several tokens of a sequence in one pass over the weights: reads a draft in one pass, and keeps the
// tokens that would have been drawn anyway. Ids, states and samplers have the bits of drawing one token a
// pass.
#pragma once
#include <exception>
#include <memory>
#include <span>
#include <vector>

#include "session/draft_length.h"
#include "session/drafter.h"

namespace rwkv {

// A continuation that takes part in a pass.
struct Drawn {
  Continuation* continuation;
  DraftMemory* memory = nullptr;  // null: no drafts
  std::vector<TokenId> draft{};   // to check in this pass
  std::vector<TokenId> tokens{};  // drawn in this pass, without a token that ended the continuation unseen
  size_t n_rows_used = 0;         // number of rows of logits that were used for drawing
  std::exception_ptr error{};     // why drawing ended early
};

struct SpeculationCounts {
  uint64_t n_drafted = 0, n_taken = 0;  // tokens
};

struct SpeculationOptions {
  size_t longest = 4;  // draft, in tokens
  bool adapts = true;  // adapts the length to what pays; otherwise always the longest
};

// Chooses the lengths of drafts, and learns from the results. Used by one thread at a time.
class Speculation {
 public:
  Speculation(std::unique_ptr<Drafter> drafter, const SpeculationOptions& options);

  std::unique_ptr<DraftMemory> follow(const Sequence& sequence, std::span<const TokenId> tokens) const {
    return drafter_->follow(sequence, tokens);
  }
  // Writes the drafts of continuations that have a memory and a pending token.
  void propose(std::span<Drawn> drawing);
  // Learns from a pass that took `seconds`; 0: the pass did other work too.
  void learn(std::span<const Drawn> drawing, double seconds);
  const SpeculationCounts& counts() const { return counts_; }

 private:
  std::unique_ptr<Drafter> drafter_;
  DraftLength length_;
  bool adapts_;
  SpeculationCounts counts_;
};

size_t rows_of(std::span<const Drawn> drawing);  // the number of rows of the pass that draws for these

// One pass over the weights: draws for each of `drawing`, which have not stopped, at least one token, and as
// many more as its draft is right; reads for others. Stores an exception of a continuation in its `error`.
// Returns the rows of the readings, as Runner::step() does.
std::vector<std::span<float>> draw_pass(std::span<Drawn> drawing, std::span<const Reading> reading,
                                        Runner& runner);

// One pass over the weights for one continuation that has not stopped; returns the number of tokens drawn.
// Both pointers may be null: then nothing is drafted. Throws an exception of the continuation.
size_t draw_next(Continuation& continuation, DraftMemory* memory, Speculation* speculation, Runner& runner);

}  // namespace rwkv
