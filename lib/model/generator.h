// Feeds sequences to a model, many at a time.
#pragma once
#include <functional>
#include <span>
#include <vector>

#include "model/model.h"
#include "model/sequence.h"

namespace rwkv {

// Tokens for one sequence to read.
struct Reading {
  Sequence* sequence;
  std::span<const TokenId> tokens;
};

// One model with the scratch memory to run it; used by one thread at a time. Results do not depend on what is
// batched with what, or on how a text is split into calls.
class Generator {
 public:
  // `stop`, if given, is asked between two passes over the weights; once it says true, read() ends early.
  Generator(const Model& model, size_t n_threads, std::function<bool()> stop = {});

  const Model& model() const { return *model_; }
  // A sequence of no tokens, in the model's initial state.
  Sequence new_sequence() const;
  // Appends tokens to each sequence; no two entries may share one. The last token of each stays pending. When
  // it ends early, each sequence stands after those of its tokens that were read (n_tokens tells how many).
  // Memory does not grow with the number of tokens. Every token must be below the vocabulary's size.
  void read(std::span<const Reading> batch);
  void read(Sequence& sequence, std::span<const TokenId> tokens);
  // One row for each sequence: the logits of what follows it. A sequence of no tokens begins from id 0. The
  // rows may be changed and hold until the next call; the sequences have neither `pending` nor `logits` after
  // it.
  MatSpan<float> next_logits(std::span<Sequence* const> sequences);

 private:
  size_t feed_pending(std::span<Sequence* const> sequences, MatSpan<float> rows, size_t first);

  const Model* model_;
  Workspace workspace_;
  std::function<bool()> stop_;
  std::vector<float> logits_;
};

}  // namespace rwkv
