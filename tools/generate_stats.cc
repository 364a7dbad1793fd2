#include "generate_stats.h"

#include <chrono>
#include <cstdio>

#include "model/footprint.h"

namespace rwkv {
namespace {

double now_s() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double rate(double count, double seconds) { return seconds > 0 ? count / seconds : 0; }

}  // namespace

GenerateStats::GenerateStats(const TensorFile& model, uint64_t seed)
    : pass_bytes_(static_cast<double>(footprint(model).read_bytes)), seed_(seed), started_s_(now_s()) {}

void GenerateStats::end_prompt(uint64_t n_tokens) {
  n_prompt_ = n_tokens;
  prompt_end_s_ = now_s();
}

void GenerateStats::count_pass(uint64_t n_tokens) {
  n_drawn_ += n_tokens;
  ++n_passes_;
}

void GenerateStats::print(std::ostream& out) const {
  const double prompt_s = prompt_end_s_ - started_s_, drawing_s = now_s() - prompt_end_s_;
  const auto prompt = static_cast<double>(n_prompt_), drawn = static_cast<double>(n_drawn_);
  char text[320];
  std::snprintf(text, sizeof text,
                "prompt: %.0f tokens in %.3f s, %.1f tokens/s\n"
                "generation: %.0f tokens in %.3f s, %.1f tokens/s, %.2f GB/s\n"
                "seed: %llu\n",
                prompt, prompt_s, rate(prompt, prompt_s), drawn, drawing_s, rate(drawn, drawing_s),
                rate(static_cast<double>(n_passes_) * pass_bytes_ * 1e-9, drawing_s),
                static_cast<unsigned long long>(seed_));
  out << text;
}

}  // namespace rwkv
