// Runs sequences through a model, many at a time.
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
  bool wants_logits = false;        // also return the logits before each token
};

// A sequence to draw from, and tokens that a drafter proposes for it.
struct Drawing {
  Sequence* sequence;
  std::span<const TokenId> draft{};
};

// One model with the scratch memory to run it; used by one thread at a time. Results do not depend on the
// batch, or on the split of a text into calls.
class Runner {
 public:
  // `stop`, if given, is asked between two passes over the weights; once it returns true, read() ends early.
  Runner(const Model& model, size_t n_threads, std::function<bool()> stop = {});

  const Model& model() const { return *model_; }
  ThreadPool& pool() { return workspace_.pool(); }
  // A sequence of no tokens, in the model's initial state.
  Sequence new_sequence() const;
  // Appends tokens to a sequence. The last of them stays pending. If the call ends early, the sequence ends
  // with the last token read (n_tokens counts them). Memory does not grow with the number of tokens. Every
  // token must be below the vocabulary's size.
  void read(Sequence& sequence, std::span<const TokenId> tokens);
  // Reads tokens of some sequences and returns the logits after others, in the same passes over the weights;
  // no sequence may be named twice. Returns one row for each of `drawing`; a sequence of no tokens begins
  // with id 0. Then, for each reading that wants logits, one row for each token: the logits before that
  // token; a sequence without `pending` has none for its first. The rows may be changed, and are valid until
  // the next call. Drawing sequences have neither `pending` nor `logits` afterwards.
  std::vector<std::span<float>> step(std::span<Sequence* const> drawing, std::span<const Reading> reading);
  struct Rows {
    std::vector<MatSpan<float>> drawn;
    std::vector<std::span<float>> read;
  };
  // The same with drafts: for each of `drawing` its first row, then the logits after each token of its draft.
  // A sequence with a draft must have a pending token; its state does not change until advance() says how
  // many of the pending token and the draft to feed. All drafts with their pending tokens have at most
  // kRowsOfPass tokens.
  Rows step(std::span<const Drawing> drawing, std::span<const Reading> reading);
  // Feeds the next n_tokens of drawing `index` of the last step(), its pending token first, into the
  // sequence's state. Drawings without a draft need no such call.
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
  std::vector<TokenId> fed_;      // the tokens that readings feed, one reading after the other
  std::vector<TokenId> drafted_;  // the tokens that previews feed, likewise
  std::vector<size_t> previews_;  // for each drawing the index of its segment, or kNoPreview
};

}  // namespace rwkv
