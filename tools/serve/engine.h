// The one thread that runs the model: takes jobs from a queue, decodes them together, reports their progress.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "core/stopwatch.h"
#include "serve/metrics.h"
#include "session/prefix_cache.h"
#include "session/scheduler.h"

namespace rwkv {

// One sequence to be read and continued.
struct EngineJob {
  std::vector<TokenId> prompt;
  ContinuationOptions options;
  std::optional<Sequence> start{};  // the sequence before the prompt; nothing: a new one
  std::vector<size_t> turn_ends{};  // as in BatchJob
  size_t n_prompt_log_probs = 0;    // likewise
  bool in_pieces = false;           // report tokens as they are drawn, not only at the end
  bool wants_end = false;           // report the sequence at the end
};

// The news about a job since its last update.
struct JobUpdate {
  size_t index = 0;  // of the job in its order
  std::vector<DrawnToken> tokens{};
  std::string bytes{};
  bool begins = false;                      // the first update
  std::vector<DrawnToken> prompt_tokens{};  // of it
  bool has_ended = false;                   // the last update, which has the fields below
  StopReason stop = StopReason::kNone;
  std::optional<bool> is_complete{};  // whether the text is one that the constraint wants as a whole
  std::string error{};                // not empty: the job has failed
  size_t n_prompt = 0, n_found = 0;
  std::shared_ptr<Sequence> end{};
};

class Engine {
 public:
  struct Limits {
    size_t batch = 16;   // sequences together
    size_t queue = 256;  // jobs that wait
  };
  // Called on the engine's thread; must return soon.
  using Listener = std::function<void(JobUpdate)>;

  // The arguments must outlive this; `speculation` may be null.
  Engine(Runner& runner, PrefixCache& cache, Speculation* speculation, Metrics& metrics,
         const Limits& limits);
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;
  ~Engine() { stop(); }
  // Drops unfinished jobs; listeners are no longer called. Nothing may be submitted afterwards.
  void stop();

  // Hands over jobs; returns their order's number, or nothing when the queue has no room for them.
  std::optional<uint64_t> submit(std::vector<EngineJob> jobs, Listener listener);
  // Drops the rest of an order; its listener is not called again, but may be running now.
  void cancel(uint64_t order);

 private:
  struct Ticket {
    uint64_t order;
    size_t index;
    EngineJob job;
    std::shared_ptr<const Listener> listener;
    Stopwatch since_submitted;
    bool has_begun_to_draw = false, has_been_told = false;
  };

  void loop();
  void pass();
  bool take_up();
  void admit(Ticket ticket);
  static JobUpdate next_update(Ticket& ticket, BatchJob& job);
  void tell();
  void tell_end(BatchJob& job);

  Runner& runner_;
  const Speculation* speculation_;
  Metrics& metrics_;
  Limits limits_;
  Scheduler scheduler_;
  std::map<uint64_t, Ticket> running_;  // by job number
  uint64_t n_jobs_ = 0;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Ticket> queue_;
  std::set<uint64_t> cancelled_;
  uint64_t n_orders_ = 0;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace rwkv
