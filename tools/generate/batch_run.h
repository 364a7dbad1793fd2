// Serves many sequences, decoded together.
#pragma once
#include <optional>
#include <string>

#include "generate/options.h"
#include "generate/stats.h"
#include "session/scheduler.h"

namespace rwkv {

// The error of a job that a signal has ended.
inline constexpr const char* kInterruptedError = "interrupted";

// Where a batch's jobs come from, and what is written about them.
class JobSource {
 public:
  virtual ~JobSource() = default;
  // The next job, numbered from 0 on; one with an error goes straight to answer(). Nothing at the end of the
  // input, when a signal asks to stop, or, unless `wait`, when none is there yet.
  virtual std::optional<BatchJob> next(bool wait) = 0;
  // What is to be written about a job that has ended, and to be done for it. Sets its error if that fails.
  virtual std::string answer(BatchJob& job) = 0;
  // Where a job that has failed comes from: "line 7".
  virtual std::string origin(const BatchJob& job) const = 0;
  // How many jobs there will be, as far as it is known; 0: not at all.
  virtual uint64_t n_expected() const { return 0; }
};

// Up to options.batch jobs, as far as their states fit into memory, are decoded together; as one ends the
// next joins. Answers are written to standard output in the jobs' order; not much more than 16 MB of them
// wait for an earlier one before no further job is begun. Never waits for input while a job is there. When a
// signal asks to stop, all jobs are answered as they stand, with the error kInterruptedError. Returns
// kFailure when a job had an error, once the others have ended. An Error of the source is thrown when the
// jobs before it have ended. `cache` may be null.
int run_batch(JobSource& source, const GenerateOptions& options, Runner& runner, PrefixCache* cache,
              GenerateStats& stats);

}  // namespace rwkv
