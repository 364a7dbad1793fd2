// Continuous batching: sequences come and go, and all that are there share each pass over the weights.
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

// A sequence that reads its prompt, then is continued until it stops.
struct BatchJob {
  uint64_t number = 0;  // the caller's; no two alike
  Continuation continuation{{}, {}};
  std::vector<TokenId> prompt{};
  size_t n_read = 0;                 // of the prompt
  std::vector<DrawnToken> tokens{};  // that may be shown, so far, less what the caller has taken
  std::string bytes{};               // the same as text; empty without `bytes_of`
  std::string error{};               // not empty: it has failed

  // The sequence is a new one: of jobs for which this holds, what several prompts begin with is read once,
  // and with a cache what was read before is not read again.
  bool begins_anew = false;
  std::vector<size_t> turn_ends{};  // places in the prompt, ascending, whose state is worth keeping
  size_t n_found = 0;               // of n_read: what others have read
  // > 0: tell of each token of the prompt, but not of the first of a new sequence, its log-probability and
  // the n most likely ones. Such a job reads all by itself.
  size_t n_prompt_log_probs = 0;
  std::vector<DrawnToken> prompt_tokens{};

  bool is_reading() const { return n_read < prompt.size(); }
  bool has_ended() const;

  // The scheduler's own.
  struct Leader {
    uint64_t number;
    size_t n_common;  // tokens that its prompt and this one begin with
  };
  std::optional<Leader> leader{};  // reads them for this job, which waits
  std::vector<TokenId> drawn{};    // all shown tokens
  std::shared_ptr<DraftMemory> memory{};
};

class Scheduler {
 public:
  // `runner`, and `cache` and `speculation`, which may be null, outlive this. With `speculation` a pass may
  // draw several tokens of a job.
  explicit Scheduler(Runner& runner, PrefixCache* cache = nullptr, Speculation* speculation = nullptr)
      : runner_(runner), cache_(cache), speculation_(speculation) {}

  size_t size() const { return jobs_.size(); }
  std::span<BatchJob> jobs() { return jobs_; }
  void add(BatchJob job);
  // Removes a job as if it had never been there; does nothing when there is none of this number.
  void remove(uint64_t number);

  struct Counts {
    uint64_t n_read = 0, n_drawn = 0;  // tokens
  };
  // One pass over the weights: draws at least a token for every job whose prompt has been read, and fills the
  // pass up with tokens of the other prompts, each of which has the same share or needs less. An Error of a
  // job is kept in it.
  Counts step();
  // Removes and returns the jobs that have ended, be it in an error, in the order in which they were added.
  std::vector<BatchJob> take_ended();
  // Removes and returns all jobs as they stand, what they held back included.
  std::vector<BatchJob> take_all();

 private:
  BatchJob* find(uint64_t number);
  void follow(size_t index);
  size_t next_halt(const BatchJob& job) const;
  std::vector<BatchJob*> choose_readers(size_t room, std::vector<Reading>& readings);
  std::vector<Drawn> begin_drawing(std::span<BatchJob* const> jobs);
  struct ScoredRow {
    BatchJob* job;
    size_t token;  // of its prompt_tokens
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
  std::vector<BatchJob> jobs_;  // the longest waiting first
};

}  // namespace rwkv
