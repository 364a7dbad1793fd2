// Prompts as jobs of a batch: each record of the input, each some times.
#pragma once
#include "generate/batch_run.h"
#include "generate/prompt_reader.h"

namespace rwkv {

// With --lines or --null every record of the input is a prompt, else all of it is one; --fork continues each
// K times, the k-th, from 0, with the seed + k. Answers are what a run with that prompt and seed alone
// writes, each ended as a record. A prompt that is continued more than once is read once, while nothing else
// is done. An error of a job is thrown.
class RecordSource : public JobSource {
 public:
  // All outlive this; `tokenizer` may be null when there is no vocabulary.
  RecordSource(const GenerateOptions& options, const Tokenizer* tokenizer, Runner& runner,
               GenerateStats& stats);

  std::optional<BatchJob> next(bool wait) override;
  std::string answer(BatchJob& job) override;
  std::string origin(const BatchJob& job) const override;
  uint64_t n_expected() const override;

 private:
  bool next_prompt(bool wait);

  const GenerateOptions& options_;
  const Tokenizer* tokenizer_;
  Runner& runner_;
  GenerateStats& stats_;
  PromptRecords prompts_;
  Sequence initial_;  // of every prompt
  std::vector<TokenId> prompt_;
  Sequence begun_;  // has read it, when it is continued more than once
  uint64_t n_jobs_ = 0;
};

}  // namespace rwkv
