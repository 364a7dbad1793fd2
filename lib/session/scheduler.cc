#include "session/scheduler.h"

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

#include "core/stopwatch.h"

namespace rwkv {
namespace {

// Shorter common beginnings are read twice rather than waited for.
constexpr size_t kLeastCommon = 16;

void collect(BatchJob& job) {
  auto tokens = job.continuation.take_tokens();
  for (const DrawnToken& token : tokens) job.drawn.push_back(token.id);
  std::ranges::move(tokens, std::back_inserter(job.tokens));
  job.bytes += job.continuation.take_bytes();
}

void collect(BatchJob& job, const Drawn& drawn) {
  try {
    if (drawn.error) std::rethrow_exception(drawn.error);
    collect(job);
  } catch (const std::exception& e) {
    job.error = e.what();
  }
}

size_t n_common(std::span<const TokenId> a, std::span<const TokenId> b) {
  return static_cast<size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

bool shares(const BatchJob& job) { return job.begins_anew && job.n_prompt_log_probs == 0; }

}  // namespace

bool BatchJob::has_ended() const {
  return !error.empty() || (!is_reading() && continuation.stopped() != StopReason::kNone);
}

void Scheduler::add(BatchJob job) {
  if (cache_ != nullptr && shares(job)) {
    if (auto known = cache_->find(job.prompt)) {
      job.n_read = job.n_found = static_cast<size_t>(known->n_tokens);
      job.continuation.sequence() = std::move(*known);
    }
  }
  jobs_.push_back(std::move(job));
  follow(jobs_.size() - 1);
}

void Scheduler::remove(uint64_t number) {
  std::erase_if(jobs_, [&](const BatchJob& job) { return job.number == number; });
}

BatchJob* Scheduler::find(uint64_t number) {
  const auto found = std::ranges::find(jobs_, number, &BatchJob::number);
  return found == jobs_.end() ? nullptr : &*found;
}

// Finds the earlier job that will read the longest common beginning of both prompts.
void Scheduler::follow(size_t index) {
  BatchJob& job = jobs_[index];
  job.leader.reset();
  if (!shares(job)) return;
  size_t most = job.n_read + kLeastCommon - 1;
  for (const BatchJob& other : std::span(jobs_).first(index)) {
    if (!shares(other) || !other.is_reading() || other.has_ended()) continue;
    const size_t n = n_common(other.prompt, job.prompt);
    if (n <= most || n <= other.n_read) continue;
    job.leader = {other.number, n};
    most = n;
  }
}

// The next place where reading pauses, so that the state can be copied.
size_t Scheduler::next_halt(const BatchJob& job) const {
  size_t halt = job.prompt.size();
  if (!shares(job)) return halt;
  if (cache_ != nullptr) {
    halt = std::min(halt, (job.n_read / kPrefixInterval + 1) * kPrefixInterval);
    const auto turn = std::ranges::upper_bound(job.turn_ends, job.n_read);
    if (turn != job.turn_ends.end()) halt = std::min(halt, *turn);
  }
  for (const BatchJob& other : jobs_) {
    if (other.leader && other.leader->number == job.number) halt = std::min(halt, other.leader->n_common);
  }
  return halt;
}

Scheduler::Counts Scheduler::step() {
  std::vector<BatchJob*> drawing;
  for (BatchJob& job : jobs_) {
    if (!job.is_reading() && !job.has_ended()) drawing.push_back(&job);
  }
  std::vector<Drawn> drawn = begin_drawing(drawing);
  std::vector<Reading> readings;
  const auto readers = choose_readers(kRowsOfPass - rows_of(drawn) % kRowsOfPass, readings);
  std::vector<ScoredRow> scored = expect_rows(readers, readings);
  const Stopwatch watch;
  score(scored, draw_pass(drawn, readings, runner_));
  if (speculation_ != nullptr) speculation_->learn(drawn, readings.empty() ? watch.seconds() : 0);
  Counts counts{.n_drawing = drawing.size()};
  for (size_t i = 0; i < drawing.size(); ++i) {
    collect(*drawing[i], drawn[i]);
    counts.n_drawn += drawn[i].n_rows_used;
  }
  for (const Reading& reading : readings) counts.n_read += reading.tokens.size();
  for (BatchJob* job : readers) keep(*job);
  for (const BatchJob* job : drawing) keep_end(*job);
  pass_on();
  return counts;
}

// Those that need least come first, and leave the rest of their share to the others.
std::vector<BatchJob*> Scheduler::choose_readers(size_t room, std::vector<Reading>& readings) {
  std::vector<std::pair<size_t, BatchJob*>> readers;
  for (BatchJob& job : jobs_) {
    if (job.is_reading() && job.error.empty() && !job.leader)
      readers.emplace_back(next_halt(job) - job.n_read, &job);
  }
  std::ranges::stable_sort(readers, {}, &std::pair<size_t, BatchJob*>::first);
  std::vector<BatchJob*> chosen;
  for (size_t i = 0; i < readers.size() && room > 0; ++i) {
    auto [n, job] = readers[i];
    const size_t n_left = readers.size() - i;
    n = std::min(n, (room + n_left - 1) / n_left);
    readings.push_back({&job->continuation.sequence(), std::span(job->prompt).subspan(job->n_read, n),
                        job->n_prompt_log_probs > 0});
    chosen.push_back(job);
    job->n_read += n;
    room -= n;
  }
  return chosen;
}

std::vector<Drawn> Scheduler::begin_drawing(std::span<BatchJob* const> jobs) {
  std::vector<Drawn> drawn;
  for (BatchJob* job : jobs) {
    if (speculation_ != nullptr && !job->memory)
      job->memory = speculation_->follow(job->continuation.sequence(), job->prompt);
    drawn.push_back({.continuation = &job->continuation, .memory = job->memory.get()});
  }
  if (speculation_ != nullptr) speculation_->propose(drawn);
  return drawn;
}

// The rows that draw_pass() will return for prompts' tokens, which are appended to their jobs, in order.
std::vector<Scheduler::ScoredRow> Scheduler::expect_rows(std::span<BatchJob* const> readers,
                                                         std::span<const Reading> readings) {
  std::vector<ScoredRow> scored;
  for (size_t i = 0; i < readings.size(); ++i) {
    if (!readings[i].wants_logits) continue;
    for (const TokenId id : readings[i].tokens.subspan(readings[i].sequence->pending ? 0 : 1)) {
      scored.push_back({readers[i], readers[i]->prompt_tokens.size()});
      readers[i]->prompt_tokens.push_back({id, 0, {}});
    }
  }
  return scored;
}

void Scheduler::score(std::span<const ScoredRow> scored, std::span<const std::span<float>> rows) {
  runner_.pool().for_ranges(scored.size(), 1, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) {
      DrawnToken& token = scored[i].job->prompt_tokens[scored[i].token];
      token.log_prob = log_prob(rows[i], token.id);
      token.most_likely = top_log_probs(rows[i], scored[i].job->n_prompt_log_probs);
    }
  });
}

// Keeps the state after a part of the prompt, where it is worth it.
void Scheduler::keep(const BatchJob& job) {
  if (cache_ == nullptr || !shares(job)) return;
  const bool awaited = std::ranges::any_of(jobs_, [&](const BatchJob& other) {
    return other.leader && other.leader->number == job.number && other.leader->n_common == job.n_read;
  });
  if (awaited || !job.is_reading() || job.n_read % kPrefixInterval == 0 ||
      std::ranges::binary_search(job.turn_ends, job.n_read)) {
    cache_->insert(std::span(job.prompt).first(job.n_read), job.continuation.sequence());
  }
}

void Scheduler::keep_end(const BatchJob& job) {
  if (cache_ == nullptr || !shares(job) || !job.continuation.keeps_end()) return;
  if (!job.has_ended() || !job.error.empty()) return;
  std::vector<TokenId> ids = job.prompt;
  ids.insert(ids.end(), job.drawn.begin(), job.drawn.end());
  cache_->insert(ids, job.continuation.sequence());
}

// Jobs whose leader has read far enough, or is gone, continue by themselves.
void Scheduler::pass_on() {
  for (size_t i = 0; i < jobs_.size(); ++i) {
    BatchJob& job = jobs_[i];
    if (!job.leader) continue;
    const BatchJob* leader = find(job.leader->number);
    const bool is_there = leader != nullptr && leader->error.empty();
    if (is_there && leader->n_read < job.leader->n_common) continue;
    if (is_there && leader->n_read == job.leader->n_common) {
      job.continuation.sequence() = leader->continuation.sequence();
      job.n_read = job.n_found = leader->n_read;
    }
    follow(i);
  }
}

std::vector<BatchJob> Scheduler::take_ended() {
  std::vector<BatchJob> ended;
  const auto first =
      std::stable_partition(jobs_.begin(), jobs_.end(), [](const BatchJob& job) { return !job.has_ended(); });
  std::move(first, jobs_.end(), std::back_inserter(ended));
  jobs_.erase(first, jobs_.end());
  return ended;
}

std::vector<BatchJob> Scheduler::take_all() {
  for (BatchJob& job : jobs_) {
    job.continuation.release_held();
    collect(job);
  }
  return std::exchange(jobs_, {});
}

}  // namespace rwkv
