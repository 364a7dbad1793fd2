// Prompts as jobs of a batch: each record of the input, one or several times.
#pragma once
#include "generate/batch_run.h"
#include "generate/prompt_reader.h"

namespace rwkv {

// With --lines or --null every record of the input is a prompt, otherwise the whole input; --fork continues
// each prompt K times, the k-th (from 0) with the seed + k. An answer is what a run with that prompt and seed
// alone writes, ended as a record. A prompt with several continuations is read once, while no job runs.
// Throws the error of a job.
class RecordSource : public JobSource {
 public:
  // The arguments must outlive this; `tokenizer` may be null without a vocabulary.
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
  Sequence initial_;  // the beginning of every prompt
  std::vector<TokenId> prompt_;
  Sequence begun_;  // has read the prompt, if it is continued several times
  uint64_t n_jobs_ = 0;
};

}  // namespace rwkv
