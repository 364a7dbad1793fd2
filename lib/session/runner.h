// Feeds sequences to a model, many at a time.
#pragma once
#include <functional>
#include <span>
#include <vector>

#include "model/model.h"
#include "session/sequence.h"

namespace rwkv {

// Tokens for one sequence to read.
struct Reading {
  Sequence* sequence;
  std::span<const TokenId> tokens;  // not empty
  bool wants_logits = false;        // of what foretold each token
};

// A sequence that is to be continued, and tokens that may be what comes next.
struct Drawing {
  Sequence* sequence;
  std::span<const TokenId> draft{};
};

// One model with the scratch memory to run it; used by one thread at a time. Results do not depend on what is
// batched with what, or on how a text is split into calls.
class Runner {
 public:
  // `stop`, if given, is asked between two passes over the weights; once it says true, read() ends early.
  Runner(const Model& model, size_t n_threads, std::function<bool()> stop = {});

  const Model& model() const { return *model_; }
  ThreadPool& pool() { return workspace_.pool(); }
  // A sequence of no tokens, in the model's initial state.
  Sequence new_sequence() const;
  // Appends tokens to a sequence. The last of them stays pending. When it ends early, the sequence stands
  // after those that were read (n_tokens tells how many). Memory does not grow with the number of tokens.
  // Every token must be below the vocabulary's size.
  void read(Sequence& sequence, std::span<const TokenId> tokens);
  // Reads for some sequences and tells what follows others, in the same passes over the weights; no sequence
  // may be named twice. Returns a row for each of `drawing`: the logits of what follows it. One of no tokens
  // begins from id 0. Behind them stands, for each reading that wants them, a row for each of its tokens: the
  // logits in front of that token; a sequence without `pending` has none for the first. The rows may be
  // changed and hold until the next call; drawing sequences have neither `pending` nor `logits` after it.
  std::vector<std::span<float>> step(std::span<Sequence* const> drawing, std::span<const Reading> reading);
  struct Rows {
    std::vector<MatSpan<float>> drawn;
    std::vector<std::span<float>> read;
  };
  // The same with drafts: for each of `drawing` its first row, then the logits of what follows each token of
  // its draft. A sequence that has a draft must have a pending token; its state stays as it was, and its
  // pending token and draft are fed only as far as advance() says. All these have at most kRowsOfPass tokens
  // together.
  Rows step(std::span<const Drawing> drawing, std::span<const Reading> reading);
  // Puts the next n_tokens of what the last step() was to feed to drawing `index`, its pending token first,
  // into the sequence's state. For drawings without a draft there is nothing to do.
  struct Fed {
    size_t index, n_tokens;
  };
  void advance(std::span<const Fed> fed);

 private:
  // With memory for `n_more` rows.
  std::vector<MatSpan<float>> add_drawing(std::span<const Drawing> drawing, size_t n_more,
                                          std::vector<Segment>& segments);
  void add_drafted(const Drawing& drawing, std::vector<Segment>& segments);
  void add_reading(std::span<const Reading> reading, std::vector<Segment>& segments);

  const Model* model_;
  Workspace workspace_;
  std::function<bool()> stop_;
  std::vector<float> logits_;
  std::vector<TokenId> fed_;      // what readings feed, one after the other
  std::vector<TokenId> drafted_;  // what previews feed, likewise
  std::vector<size_t> previews_;  // of each drawing, its segment; kNoPreview
};

}  // namespace rwkv
