#include "jsonl_batch.h"

#include <unistd.h>

#include <iostream>
#include <list>
#include <map>

#include "core/error.h"
#include "generate_stats.h"
#include "jsonl_request.h"
#include "line_source.h"
#include "model/state_file.h"
#include "tool.h"

namespace rwkv {
namespace {

// Writes lines in order, however they come.
class OrderedLines {
 public:
  void add(uint64_t number, std::string line) {
    waiting_[number] = std::move(line);
    for (; !waiting_.empty() && waiting_.begin()->first == next_; ++next_) {
      std::cout << waiting_.begin()->second << '\n';
      waiting_.erase(waiting_.begin());
    }
    std::cout.flush();
  }

 private:
  std::map<uint64_t, std::string> waiting_;
  uint64_t next_ = 0;
};

struct Job {
  uint64_t number;
  Request request;
  Continuation continuation;
  Answer answer;
  std::string error;  // not empty: it has failed
};

class JsonlBatch {
 public:
  JsonlBatch(const GenerateOptions& options, const Tokenizer* tokenizer, Generator& generator)
      : n_slots_(options.batch),
        defaults_{options.continuation, options.state_in, tokenizer, generator.model().info().n_vocab},
        generator_(generator),
        stats_(generator.model().file(), options.continuation.sampler.seed) {}

  int run() {
    while (!stop_requested()) {
      admit();
      finish_stopped();
      if (jobs_.empty() && lines_done_) break;
      if (!jobs_.empty()) draw();
      finish_stopped();
    }
    return any_failed_ ? kFailure : kSuccess;
  }

  GenerateStats& stats() { return stats_; }

 private:
  // Lets requests join as long as there is room, and reads their prompts together.
  void admit() {
    std::vector<Reading> readings;
    while (jobs_.size() < n_slots_ && !lines_done_) {
      const bool wait = jobs_.empty();
      const auto line = lines_.next(wait);
      if (!line) {
        lines_done_ = wait;
        break;
      }
      if (line->find_first_not_of(" \t\r") != std::string::npos) add_request(*line, readings);
    }
    generator_.read(readings);
  }

  void add_request(std::string_view line, std::vector<Reading>& readings) {
    Request request = parse_request(line, defaults_);
    const uint64_t number = n_requests_++;
    try {
      if (!request.error.empty()) throw Error(ErrorKind::kUsage, request.error);
      Continuation continuation(first_sequence(request), request.continuation);
      jobs_.push_back({number, std::move(request), std::move(continuation), {}, {}});
      readings.push_back({&jobs_.back().continuation.sequence(), jobs_.back().request.prompt});
    } catch (const Error& e) {
      fail(number, request.id, e.what());
    }
  }

  Sequence first_sequence(const Request& request) {
    if (request.state_in.empty()) return generator_.new_sequence();
    return load_state(request.state_in, generator_.model());
  }

  // One token for each job.
  void draw() {
    std::vector<Sequence*> sequences;
    for (Job& job : jobs_) sequences.push_back(&job.continuation.sequence());
    const auto rows = generator_.next_logits(sequences);
    stats_.count_pass(jobs_.size());
    size_t row = 0;
    for (Job& job : jobs_) {
      try {
        job.continuation.draw_from(rows.row(row++));
        collect(job);
      } catch (const Error& e) {
        job.error = e.what();
      }
    }
  }

  static void collect(Job& job) {
    std::ranges::move(job.continuation.take_tokens(), std::back_inserter(job.answer.tokens));
    job.answer.bytes += job.continuation.take_bytes();
  }

  void finish_stopped() {
    for (auto job = jobs_.begin(); job != jobs_.end();) {
      const bool ended = job->continuation.stopped() != StopReason::kNone || !job->error.empty();
      if (ended) finish(*job);
      job = ended ? jobs_.erase(job) : std::next(job);
    }
  }

  void finish(Job& job) {
    if (!job.error.empty()) return fail(job.number, job.request.id, job.error);
    job.answer.stop = job.continuation.stopped();
    try {
      const std::string& path = job.request.state_out;
      if (!path.empty()) save_state(path, job.continuation.sequence(), generator_.model());
      output_.add(job.number, answer_line(job.request, job.answer, defaults_.tokenizer));
    } catch (const Error& e) {
      fail(job.number, job.request.id, e.what());
    }
  }

  void fail(uint64_t number, const std::string& id, const std::string& message) {
    any_failed_ = true;
    output_.add(number, error_line(id, message));
  }

  uint64_t n_slots_;
  RequestDefaults defaults_;
  Generator& generator_;
  GenerateStats stats_;
  LineSource lines_{STDIN_FILENO};
  OrderedLines output_;
  std::list<Job> jobs_;  // a list: readings point into it while others are added
  uint64_t n_requests_ = 0;
  bool lines_done_ = false, any_failed_ = false;
};

}  // namespace

int run_jsonl(const GenerateOptions& options, const Tokenizer* tokenizer, Generator& generator) {
  JsonlBatch batch(options, tokenizer, generator);
  batch.stats().end_prompt(0);
  const int code = batch.run();
  if (options.stats) batch.stats().print(std::cerr);
  return code;
}

}  // namespace rwkv
