// Continuous batching: sequences come and go; those present share each pass over the weights.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "session/continuation.h"
#include "session/prefix_cache.h"
#include "session/runner.h"
#include "session/speculation.h"

namespace rwkv {

// A sequence that reads its prompt and is then continued until it stops.
struct BatchJob {
  uint64_t number = 0;  // chosen by the caller, unique
  Continuation continuation{{}, {}};
  std::vector<TokenId> prompt{};
  size_t n_read = 0;                 // tokens of the prompt
  std::vector<DrawnToken> tokens{};  // may be shown; those the caller has taken are removed
  std::string bytes{};               // the same tokens as text; empty without `bytes_of`
  std::string error{};               // not empty: the job has failed

  // The sequence is a new one. Among such jobs a common beginning of prompts is read once, and with a cache
  // known beginnings are not read again.
  bool begins_anew = false;
  std::vector<size_t> turn_ends{};  // places in the prompt, ascending, whose states are worth keeping
  size_t n_found = 0;               // tokens of n_read that were not read for this job
  // > 0: gives the log-probability and the n most likely ids of each prompt token (not of the first of a new
  // sequence). Such a job reads its whole prompt by itself.
  size_t n_prompt_log_probs = 0;
  std::vector<DrawnToken> prompt_tokens{};

  bool is_reading() const { return n_read < prompt.size(); }
  bool has_ended() const;

  // For the scheduler only.
  struct Leader {
    uint64_t number;
    size_t n_common;  // length of the two prompts' common beginning
  };
  std::optional<Leader> leader{};  // reads that beginning for this job, which waits
  std::vector<TokenId> drawn{};    // all tokens shown
  std::shared_ptr<DraftMemory> memory{};
};

class Scheduler {
 public:
  // `runner`, `cache` and `speculation` (the last two may be null) must outlive this. With `speculation` a
  // pass may draw several tokens of a job.
  explicit Scheduler(Runner& runner, PrefixCache* cache = nullptr, Speculation* speculation = nullptr)
      : runner_(runner), cache_(cache), speculation_(speculation) {}

  size_t size() const { return jobs_.size(); }
  std::span<BatchJob> jobs() { return jobs_; }
  void add(BatchJob job);
  // Removes a job as if it had never been added; does nothing when no job has this number.
  void remove(uint64_t number);

  struct Counts {
    uint64_t n_read = 0, n_drawn = 0;  // tokens
    size_t n_drawing = 0;              // jobs
  };
  // One pass over the weights: draws at least one token for every job whose prompt is read, and fills the
  // pass with tokens of the other prompts, in equal shares or less where a prompt needs less. Stores an Error
  // of a job in the job.
  Counts step();
  // Removes and returns the jobs that have ended or failed, in the order in which they were added.
  std::vector<BatchJob> take_ended();
  // Removes and returns all jobs as they are, including tokens that were held back.
  std::vector<BatchJob> take_all();

 private:
  BatchJob* find(uint64_t number);
  void follow(size_t index);
  size_t next_halt(const BatchJob& job) const;
  std::vector<BatchJob*> choose_readers(size_t room, std::vector<Reading>& readings);
  std::vector<Drawn> begin_drawing(std::span<BatchJob* const> jobs);
  struct ScoredRow {
    BatchJob* job;
    size_t token;  // index in its prompt_tokens
  };
  static std::vector<ScoredRow> expect_rows(std::span<BatchJob* const> readers,
                                            std::span<const Reading> readings);
  void score(std::span<const ScoredRow> scored, std::span<const std::span<float>> rows);
  void keep(const BatchJob& job);
  void keep_end(const BatchJob& job);
  void pass_on();

  Runner& runner_;
  PrefixCache* cache_;
  Speculation* speculation_;
  std::vector<BatchJob> jobs_;  // in the order of waiting, longest first
};

}  // namespace rwkv
