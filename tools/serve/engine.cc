#include "serve/engine.h"

#include <exception>
#include <utility>

namespace rwkv {
Engine::Engine(Runner& runner, PrefixCache& cache, Speculation* speculation, Metrics& metrics,
               const Limits& limits)
    : runner_(runner),
      speculation_(speculation),
      metrics_(metrics),
      limits_(limits),
      scheduler_(runner, &cache, speculation),
      thread_([this] { loop(); }) {}

void Engine::stop() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
  queue_.clear();
  running_.clear();
}

std::optional<uint64_t> Engine::submit(std::vector<EngineJob> jobs, Listener listener) {
  const auto shared = std::make_shared<const Listener>(std::move(listener));
  const std::lock_guard lock(mutex_);
  if (queue_.size() + jobs.size() > limits_.queue) return std::nullopt;
  const uint64_t order = ++n_orders_;
  for (size_t i = 0; i < jobs.size(); ++i) queue_.push_back({order, i, std::move(jobs[i]), shared, {}});
  metrics_.queued = queue_.size();
  wake_.notify_all();
  return order;
}

void Engine::cancel(uint64_t order) {
  const std::lock_guard lock(mutex_);
  cancelled_.insert(order);
  wake_.notify_all();
}

void Engine::loop() {
  while (take_up()) {
    try {
      pass();
    } catch (const std::exception& e) {  // no memory, perhaps: these jobs fail, the server continues
      for (BatchJob& job : scheduler_.jobs()) job.error = e.what();
    }
    tell();
    for (BatchJob& job : scheduler_.take_ended()) tell_end(job);
    metrics_.running = scheduler_.size();
  }
}

void Engine::pass() {
  const auto counts = scheduler_.step();
  metrics_.passes += 1;
  metrics_.prompt_tokens += counts.n_read;
  metrics_.drawn_tokens += counts.n_drawn;
  if (speculation_ == nullptr) return;
  metrics_.drafted_tokens = speculation_->counts().n_drafted;
  metrics_.taken_tokens = speculation_->counts().n_taken;
}

// Waits until there is something to do; false when there is to be an end.
bool Engine::take_up() {
  std::vector<Ticket> admitted;
  {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [&] { return stopping_ || scheduler_.size() > 0 || !queue_.empty(); });
    if (stopping_) return false;
    const auto is_cancelled = [&](const Ticket& ticket) { return cancelled_.contains(ticket.order); };
    std::erase_if(queue_, is_cancelled);
    std::erase_if(running_, [&](const auto& entry) {
      if (!is_cancelled(entry.second)) return false;
      scheduler_.remove(entry.first);
      return true;
    });
    cancelled_.clear();
    while (scheduler_.size() + admitted.size() < limits_.batch && !queue_.empty()) {
      admitted.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
    metrics_.queued = queue_.size();
  }
  for (Ticket& ticket : admitted) admit(std::move(ticket));
  metrics_.running = scheduler_.size();
  return true;
}

void Engine::admit(Ticket ticket) {
  BatchJob batch_job{.number = n_jobs_++};
  EngineJob& job = running_.emplace(batch_job.number, std::move(ticket)).first->second.job;
  const bool begins_anew = !job.start && !job.prompt.empty();
  job.options.keep_end = job.wants_end || (begins_anew && job.n_prompt_log_probs == 0);
  batch_job.prompt = std::move(job.prompt);
  batch_job.begins_anew = begins_anew;
  batch_job.turn_ends = std::move(job.turn_ends);
  batch_job.n_prompt_log_probs = job.n_prompt_log_probs;
  try {
    Sequence start = job.start ? std::move(*job.start) : runner_.new_sequence();
    job.start.reset();
    batch_job.continuation = {std::move(start), std::move(job.options)};
    scheduler_.add(std::move(batch_job));
  } catch (const std::exception& e) {  // no memory, perhaps
    batch_job.error = e.what();
    tell_end(batch_job);
  }
}

JobUpdate Engine::next_update(Ticket& ticket, BatchJob& job) {
  return {.index = ticket.index,
          .tokens = std::exchange(job.tokens, {}),
          .bytes = std::exchange(job.bytes, {}),
          .begins = !std::exchange(ticket.has_been_told, true),
          .prompt_tokens = std::exchange(job.prompt_tokens, {})};
}

void Engine::tell() {
  for (BatchJob& job : scheduler_.jobs()) {
    Ticket& ticket = running_.at(job.number);
    if (job.is_reading() || job.has_ended()) continue;
    if (!ticket.has_begun_to_draw && !job.drawn.empty()) {
      ticket.has_begun_to_draw = true;
      metrics_.first_token.add(ticket.since_submitted.seconds());
    }
    if (!ticket.job.in_pieces || (job.tokens.empty() && job.bytes.empty())) continue;
    (*ticket.listener)(next_update(ticket, job));
  }
}

void Engine::tell_end(BatchJob& job) {
  Ticket ticket = std::move(running_.extract(job.number).mapped());
  if (!ticket.has_begun_to_draw) metrics_.first_token.add(ticket.since_submitted.seconds());
  metrics_.found_tokens += job.n_found;
  JobUpdate update = next_update(ticket, job);
  update.has_ended = true;
  update.stop = job.continuation.stopped();
  update.is_complete = job.continuation.is_complete();
  update.error = std::move(job.error);
  update.n_prompt = job.prompt.size();
  update.n_found = job.n_found;
  if (ticket.job.wants_end) update.end = std::make_shared<Sequence>(std::move(job.continuation.sequence()));
  (*ticket.listener)(std::move(update));
}

}  // namespace rwkv
