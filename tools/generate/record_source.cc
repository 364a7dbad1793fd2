#include "generate/record_source.h"

#include <sstream>

#include "common/signals.h"
#include "core/error.h"
#include "generate/token_output.h"
#include "session/state_file.h"

namespace rwkv {

RecordSource::RecordSource(const GenerateOptions& options, const Tokenizer* tokenizer, Runner& runner,
                           GenerateStats& stats)
    : options_(options),
      tokenizer_(tokenizer),
      runner_(runner),
      stats_(stats),
      prompts_(options, tokenizer, runner.model().info().n_vocab),
      initial_(options.state_in.empty() ? runner.new_sequence()
                                        : load_state(options.state_in, runner.model(), stop_requested)) {}

std::optional<BatchJob> RecordSource::next(bool wait) {
  const uint64_t fork = n_jobs_ % options_.fork;
  if (fork == 0 && !next_prompt(wait)) return std::nullopt;
  BatchJob job{.number = n_jobs_++, .prompt = prompt_};
  if (options_.fork > 1) job.n_read = prompt_.size();
  job.begins_anew = options_.fork == 1 && options_.state_in.empty() && !prompt_.empty();
  ContinuationOptions continuation = options_.continuation;
  continuation.sampler.seed += fork;
  job.continuation = {begun_, std::move(continuation)};
  return job;
}

bool RecordSource::next_prompt(bool wait) {
  auto prompt = prompts_.next(wait);
  if (!prompt) return false;
  prompt_ = std::move(*prompt);
  begun_ = initial_;
  if (options_.fork > 1) {
    runner_.read(begun_, prompt_);
    stats_.count_pass(begun_.n_tokens - initial_.n_tokens, 0, 0);
  }
  return true;
}

std::string RecordSource::origin(const BatchJob& job) const { return "record " + std::to_string(job.number); }

std::string RecordSource::answer(BatchJob& job) {
  if (!job.error.empty() && job.error != kInterruptedError) {
    throw Error(ErrorKind::kFormat, origin(job) + ": " + job.error);
  }
  std::ostringstream record;
  TokenOutput output(record, options_, tokenizer_, job.number);
  if (options_.echo) output.write(job.prompt);
  output.write(job.tokens, job.bytes);
  output.finish();
  return std::move(record).str();
}

uint64_t RecordSource::n_expected() const { return options_.has_records() ? 0 : options_.fork; }

}  // namespace rwkv
