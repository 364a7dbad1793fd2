#include "serve/metrics.h"

#include <algorithm>
#include <cstdio>

namespace rwkv {
namespace {

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}

void declare(const char* name, const char* type, const char* help, std::string& text) {
  text += std::string("# HELP ") + name + ' ' + help + "\n# TYPE " + name + ' ' + type + '\n';
}

}  // namespace

void Histogram::add(double seconds) {
  const std::lock_guard lock(mutex_);
  ++counts_[static_cast<size_t>(std::ranges::lower_bound(kBounds, seconds) - kBounds.begin())];
  sum_ += seconds;
}

void Histogram::print(const std::string& name, std::string& text) const {
  const std::lock_guard lock(mutex_);
  uint64_t n = 0;
  for (size_t i = 0; i < counts_.size(); ++i) {
    n += counts_[i];
    const std::string bound = i < kBounds.size() ? number(kBounds[i]) : "+Inf";
    text.append(name).append("_bucket{le=\"").append(bound).append("\"} ") += std::to_string(n) + '\n';
  }
  text += name + "_sum " + number(sum_) + '\n' + name + "_count " + std::to_string(n) + '\n';
}

void Metrics::count_answer(const std::string& route, unsigned status) {
  const std::lock_guard lock(mutex_);
  ++answers_[{route, status}];
}

std::string Metrics::text(const PrefixCache::Stats& cache) const {
  const struct {
    const char *name, *type, *help;
    uint64_t value;
  } kRows[] = {
      {"rwkv_passes_total", "counter", "Passes over the weights.", passes},
      {"rwkv_prompt_tokens_total", "counter", "Prompt tokens read.", prompt_tokens},
      {"rwkv_cached_prompt_tokens_total", "counter", "Prompt tokens whose state was known.", found_tokens},
      {"rwkv_generated_tokens_total", "counter", "Tokens drawn.", drawn_tokens},
      {"rwkv_drafted_tokens_total", "counter", "Tokens that a draft proposed.", drafted_tokens},
      {"rwkv_accepted_tokens_total", "counter", "Tokens that a draft proposed and that were drawn.",
       taken_tokens},
      {"rwkv_vanished_clients_total", "counter", "Clients that went away before their answer's end.",
       vanished},
      {"rwkv_sequences_running", "gauge", "Sequences that share passes now.", running},
      {"rwkv_sequences_queued", "gauge", "Sequences that wait for a place.", queued},
      {"rwkv_cache_states", "gauge", "States in the prefix cache.", cache.n_states},
      {"rwkv_cache_memory_bytes", "gauge", "Memory of the prefix cache.", cache.memory_bytes},
      {"rwkv_cache_file_bytes", "gauge", "Files of the prefix cache.", cache.file_bytes},
  };
  std::string result;
  for (const auto& row : kRows) {
    declare(row.name, row.type, row.help, result);
    result += std::string(row.name) + ' ' + std::to_string(row.value) + '\n';
  }
  declare("rwkv_first_token_seconds", "histogram", "From a sequence's arrival to its first token.", result);
  first_token.print("rwkv_first_token_seconds", result);
  declare("rwkv_answers_total", "counter", "Answers by route and status.", result);
  const std::lock_guard lock(mutex_);
  for (const auto& [key, n] : answers_) {
    result += "rwkv_answers_total{route=\"" + key.first + "\",status=\"" + std::to_string(key.second) +
              "\"} " + std::to_string(n) + '\n';
  }
  return result;
}

}  // namespace rwkv
