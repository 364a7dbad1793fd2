// Several tokens of a sequence for one reading of the weights: what is drafted is read in one pass, and kept
// as far as it is what would have been drawn anyway. Ids, states and samplers are those of drawing one a
// pass, bit for bit.
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
  DraftMemory* memory = nullptr;  // null: nothing is drafted for it
  std::vector<TokenId> draft{};   // to be checked in this pass
  std::vector<TokenId> tokens{};  // drawn in it, without one that ended the continuation unseen
  size_t n_rows_used = 0;         // logits of the pass that something was drawn from
  std::exception_ptr error{};     // why nothing more could be drawn
};

struct SpeculationCounts {
  uint64_t n_drafted = 0, n_taken = 0;  // tokens
};

struct SpeculationOptions {
  size_t longest = 4;  // draft, in tokens
  bool adapts = true;  // to what pays; else drafts are always the longest
};

// Chooses how much is drafted, and learns from what comes of it. Used by one thread at a time.
class Speculation {
 public:
  Speculation(std::unique_ptr<Drafter> drafter, const SpeculationOptions& options);

  std::unique_ptr<DraftMemory> follow(const Sequence& sequence, std::span<const TokenId> tokens) const {
    return drafter_->follow(sequence, tokens);
  }
  // Fills in the drafts of those that have a memory and a pending token.
  void propose(std::span<Drawn> drawing);
  // What came of it; `seconds` of the pass, or 0 if it did other work too.
  void learn(std::span<const Drawn> drawing, double seconds);
  const SpeculationCounts& counts() const { return counts_; }

 private:
  std::unique_ptr<Drafter> drafter_;
  DraftLength length_;
  bool adapts_;
  SpeculationCounts counts_;
};

size_t rows_of(std::span<const Drawn> drawing);  // of the pass that draws for these

// One pass over the weights: draws for each of `drawing`, whose continuations have not stopped, at least one
// token and as many more as its draft is right, and reads for others. An exception of a continuation is kept
// in its `error`. Returns the rows of the readings, as Runner::step() does.
std::vector<std::span<float>> draw_pass(std::span<Drawn> drawing, std::span<const Reading> reading,
                                        Runner& runner);

// One pass over the weights for one continuation that has not stopped; returns how many tokens it drew. Both
// may be null: nothing is drafted then. An exception of the continuation is thrown.
size_t draw_next(Continuation& continuation, DraftMemory* memory, Speculation* speculation, Runner& runner);

}  // namespace rwkv
