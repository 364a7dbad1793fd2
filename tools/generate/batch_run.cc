#include "generate/batch_run.h"

#include <unistd.h>

#include <algorithm>
#include <exception>
#include <iostream>

#include "common/memory.h"
#include "common/ordered_output.h"
#include "common/tool.h"
#include "core/error.h"

namespace rwkv {
namespace {

constexpr size_t kMaxWaitingBytes = size_t{16} << 20;

// The state, and the memory for drawing, including copies at stop texts.
uint64_t bytes_of_sequence(const Model& model) {
  return 2 * (model.initial_state().bytes() + model.info().n_vocab * sizeof(float));
}

class BatchRun {
 public:
  BatchRun(JobSource& source, const GenerateOptions& options, Runner& runner, PrefixCache* cache,
           Speculation* speculation, GenerateStats& stats)
      : source_(source),
        options_(options),
        scheduler_(runner, cache, speculation),
        stats_(stats),
        batch_(bounded_by_memory(options.batch, bytes_of_sequence(runner.model()))),
        progress_("requests", "requests", options.quiet) {}

  int run() {
    for (admit(); scheduler_.size() > 0 && !stop_requested(); admit()) {
      const auto [n_read, n_drawn, n_drawing] = scheduler_.step();
      stats_.count_pass(n_read, n_drawn, n_drawing);
      for (BatchJob& job : scheduler_.take_ended()) finish(job);
      progress_.update(output_.n_written(), source_.n_expected());
    }
    if (stop_requested()) interrupt();
    progress_.clear();
    if (options_.stats) stats_.print_batch(std::cerr, output_.n_written(), n_failed_);
    if (input_error_) std::rethrow_exception(input_error_);
    if (n_failed_ > 0 && !stop_requested()) {
      tell(std::to_string(n_failed_) + " of " + std::to_string(output_.n_written()) +
           " requests failed, the first in " + first_failure_);
    }
    return n_failed_ > 0 ? kFailure : kSuccess;
  }

 private:
  void admit() {
    while (scheduler_.size() < batch_ && !input_done_ && !output_.full()) {
      auto job = next();
      if (!job) return;
      if (job->error.empty()) {
        scheduler_.add(std::move(*job));
      } else {
        finish(*job);
      }
    }
  }

  std::optional<BatchJob> next() {
    const bool wait = scheduler_.size() == 0;
    std::optional<BatchJob> job;
    try {
      job = source_.next(wait);
    } catch (const Error&) {
      input_error_ = std::current_exception();
    }
    input_done_ = input_error_ || (wait && !job);
    return job;
  }

  void finish(BatchJob& job) {
    const std::string origin = source_.origin(job);
    std::string answer = source_.answer(job);
    if (!job.error.empty()) {
      ++n_failed_;
      if (job.number < first_failed_) first_failure_ = origin + ": " + job.error;
      first_failed_ = std::min(first_failed_, job.number);
    }
    if (::isatty(STDOUT_FILENO) == 1) progress_.clear();
    try {
      output_.add(job.number, std::move(answer));
    } catch (const Error&) {
      if (!stop_requested()) throw;  // otherwise the promised states are still written
    }
  }

  void interrupt() {
    auto jobs = scheduler_.take_all();
    for (BatchJob& job : jobs) {
      job.error = kInterruptedError;
      finish(job);
    }
    progress_.clear();
    tell("interrupted: " + std::to_string(jobs.size()) + " of " + std::to_string(output_.n_written()) +
         " requests are unfinished, later ones were not begun");
  }

  JobSource& source_;
  const GenerateOptions& options_;
  Scheduler scheduler_;
  OrderedOutput output_{std::cout, kMaxWaitingBytes};
  GenerateStats& stats_;
  size_t batch_;
  Progress progress_;
  uint64_t n_failed_ = 0, first_failed_ = UINT64_MAX;
  std::string first_failure_;
  bool input_done_ = false;
  std::exception_ptr input_error_;
};

}  // namespace

int run_batch(JobSource& source, const GenerateOptions& options, Runner& runner, PrefixCache* cache,
              Speculation* speculation, GenerateStats& stats) {
  return BatchRun(source, options, runner, cache, speculation, stats).run();
}

}  // namespace rwkv
