// The server's counters, for Prometheus.
#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "session/prefix_cache.h"

namespace rwkv {

// Durations, by upper bounds in seconds.
class Histogram {
 public:
  void add(double seconds);
  void print(const std::string& name, std::string& text) const;

 private:
  static constexpr std::array kBounds = {0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0};
  mutable std::mutex mutex_;
  std::array<uint64_t, kBounds.size() + 1> counts_{};  // the last: longer than all bounds
  double sum_ = 0;
};

// Any thread may change and print them.
struct Metrics {
  std::atomic<uint64_t> passes = 0;
  std::atomic<uint64_t> prompt_tokens = 0;  // read
  std::atomic<uint64_t> found_tokens = 0;   // of prompts, taken from known states
  std::atomic<uint64_t> drawn_tokens = 0;
  std::atomic<uint64_t> drafted_tokens = 0, taken_tokens = 0;  // guesses, and those that were right
  std::atomic<uint64_t> vanished = 0;  // clients that left before the end of their answer
  std::atomic<uint64_t> running = 0, queued = 0;
  Histogram first_token;  // from a job's arrival to its first token

  void count_answer(const std::string& route, unsigned status);
  // In Prometheus' text format, version 0.0.4.
  std::string text(const PrefixCache::Stats& cache) const;

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, unsigned>, uint64_t> answers_;
};

}  // namespace rwkv
