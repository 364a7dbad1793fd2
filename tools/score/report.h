// The output of rwkv-score about one text.
#pragma once
#include <optional>
#include <ostream>
#include <vector>

#include "common/npy.h"
#include "common/tool.h"
#include "score/options.h"
#include "score/sums.h"
#include "session/scorer.h"
#include "text/tokenizer.h"

namespace rwkv {

class ScoreReport {
 public:
  // `n_ids`, the length of the text, is needed for --logits and --against only. `tokenizer` may be null.
  // Error kIo, kFormat: about the files of --logits and --against.
  ScoreReport(const ScoreOptions& options, const Tokenizer* tokenizer, uint64_t n_ids, size_t n_vocab);

  // The number of ids to come, for the progress line; 0: unknown.
  void expect(uint64_t n_ids) { n_expected_ = n_ids; }
  void add(const ScoredRow& row);
  // The exit code: failure when nothing was scored.
  int finish();

 private:
  void compare_and_write(const ScoredRow& row);
  void add_likelihood(size_t position, TokenId id, double log_prob);
  void print_token(size_t position, TokenId id, double log_prob);
  void print_json() const;
  void print_lines() const;
  void print_comparison(std::ostream& out) const;

  const ScoreOptions& options_;
  const Tokenizer* tokenizer_;
  uint64_t n_expected_ = 0;
  uint64_t n_kept_rows_ = 0;  // of logits, written or compared
  Progress progress_;
  std::optional<NpyFile> reference_;
  std::optional<NpyWriter> writer_;
  std::vector<float> reference_row_;
  LikelihoodSum sum_;
  LogitComparison comparison_;
};

}  // namespace rwkv
