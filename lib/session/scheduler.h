// Continuous batching: sequences come and go, and all that are there share each pass over the weights.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "session/continuation.h"
#include "session/runner.h"

namespace rwkv {

// A sequence that reads its prompt, then is continued until it stops.
struct BatchJob {
  uint64_t number = 0;  // the caller's
  Continuation continuation{{}, {}};
  std::vector<TokenId> prompt{};
  size_t n_read = 0;                 // of the prompt
  std::vector<DrawnToken> tokens{};  // that may be shown, so far
  std::string bytes{};               // the same as text; empty without `bytes_of`
  std::string error{};               // not empty: it has failed

  bool is_reading() const { return n_read < prompt.size(); }
  bool has_ended() const;
};

class Scheduler {
 public:
  explicit Scheduler(Runner& runner) : runner_(runner) {}

  size_t size() const { return jobs_.size(); }
  void add(BatchJob job) { jobs_.push_back(std::move(job)); }

  struct Counts {
    uint64_t n_read = 0, n_drawn = 0;  // tokens
  };
  // One pass over the weights: draws a token for every job whose prompt has been read, and fills the pass up
  // with tokens of the other prompts, those of the longest waiting job first. An Error of a job is kept in
  // it.
  Counts step();
  // Removes and returns the jobs that have ended, be it in an error, in the order in which they were added.
  std::vector<BatchJob> take_ended();
  // Removes and returns all jobs as they stand, what they held back included.
  std::vector<BatchJob> take_all();

 private:
  std::vector<Reading> choose_readings(size_t n_drawing);
  void draw(std::span<BatchJob* const> jobs, std::span<const std::span<float>> rows);

  Runner& runner_;
  std::vector<BatchJob> jobs_;  // the longest waiting first
};

}  // namespace rwkv
