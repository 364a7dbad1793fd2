// Runs many sequences, decoded together.
#pragma once
#include <optional>
#include <string>

#include "generate/options.h"
#include "generate/stats.h"
#include "session/scheduler.h"

namespace rwkv {

// The error of a job that a signal ended.
inline constexpr const char* kInterruptedError = "interrupted";

// The source of a batch's jobs, and of the output about them.
class JobSource {
 public:
  virtual ~JobSource() = default;
  // The next job, numbered from 0; a job with an error goes straight to answer(). Nothing at the end of the
  // input, when a signal asks to stop, or, unless `wait`, when no job has arrived yet.
  virtual std::optional<BatchJob> next(bool wait) = 0;
  // The output for a job that has ended or failed; also finishes the job, and sets its error on failure.
  virtual std::string answer(BatchJob& job) = 0;
  // The place of a failed job in the input: "line 7".
  virtual std::string origin(const BatchJob& job) const = 0;
  // The number of jobs to come, if known; else 0.
  virtual uint64_t n_expected() const { return 0; }
};

// Decodes up to options.batch jobs together, as many as their states fit into memory; when one ends, the next
// joins. Answers are written to standard output in the jobs' order; no new job begins while more than about
// 16 MB of answers wait for an earlier one. Never waits for input while a job is running. When a signal asks
// to stop, all jobs are answered as they are, with the error kInterruptedError. Returns kFailure when a job
// had an error, after the others have ended. Throws an Error of the source after the jobs before it have
// ended. `cache` and `speculation` may be null.
int run_batch(JobSource& source, const GenerateOptions& options, Runner& runner, PrefixCache* cache,
              Speculation* speculation, GenerateStats& stats);

}  // namespace rwkv
