#include "session/scheduler.h"

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

namespace rwkv {
namespace {

void collect(BatchJob& job) {
  std::ranges::move(job.continuation.take_tokens(), std::back_inserter(job.tokens));
  job.bytes += job.continuation.take_bytes();
}

void draw_one(BatchJob& job, std::span<float> row) {
  try {
    job.continuation.draw_from(row);
    collect(job);
  } catch (const std::exception& e) {
    job.error = e.what();
  }
}

}  // namespace

bool BatchJob::has_ended() const {
  return !error.empty() || (!is_reading() && continuation.stopped() != StopReason::kNone);
}

Scheduler::Counts Scheduler::step() {
  std::vector<BatchJob*> drawing;
  std::vector<Sequence*> sequences;
  for (BatchJob& job : jobs_) {
    if (job.is_reading() || job.has_ended()) continue;
    drawing.push_back(&job);
    sequences.push_back(&job.continuation.sequence());
  }
  const auto readings = choose_readings(drawing.size());
  draw(drawing, runner_.step(sequences, readings));
  Counts counts{.n_drawn = drawing.size()};
  for (const Reading& reading : readings) counts.n_read += reading.tokens.size();
  return counts;
}

std::vector<Reading> Scheduler::choose_readings(size_t n_drawing) {
  size_t room = kRowsOfPass - n_drawing % kRowsOfPass;
  std::vector<Reading> readings;
  for (BatchJob& job : jobs_) {
    const size_t n = std::min(room, job.prompt.size() - job.n_read);
    if (n == 0) continue;
    readings.push_back({&job.continuation.sequence(), std::span(job.prompt).subspan(job.n_read, n)});
    job.n_read += n;
    room -= n;
  }
  return readings;
}

// Jobs share nothing, so threads share them.
void Scheduler::draw(std::span<BatchJob* const> jobs, std::span<const std::span<float>> rows) {
  runner_.pool().for_ranges(jobs.size(), 1, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) draw_one(*jobs[i], rows[i]);
  });
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
