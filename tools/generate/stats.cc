#include "generate/stats.h"

#include <cstdio>
#include <string>

#include "checkpoint/footprint.h"

namespace rwkv {
namespace {

double rate(double count, double seconds) { return seconds > 0 ? count / seconds : 0; }

std::string tokens_text(uint64_t n) { return std::to_string(n) + (n == 1 ? " token" : " tokens"); }

template <class... Arguments>
void print_line(std::ostream& out, const char* format, Arguments... arguments) {
  char text[200];
  std::snprintf(text, sizeof text, format, arguments...);
  out << text;
}

}  // namespace

GenerateStats::GenerateStats(const TensorFile& model, uint64_t seed)
    : pass_bytes_(static_cast<double>(footprint(model).read_bytes)), seed_(seed) {}

void GenerateStats::end_prompt(uint64_t n_in_state) {
  n_in_state_ = n_in_state;
  prompt_s_ = watch_.seconds();
}

void GenerateStats::count_pass(uint64_t n_read, uint64_t n_drawn) {
  n_read_ += n_read;
  n_drawn_ += n_drawn;
  if (n_drawn > 0) ++n_drawing_passes_;
}

void GenerateStats::print(std::ostream& out) const {
  const double drawing_s = watch_.seconds() - prompt_s_;
  const auto in_state = static_cast<double>(n_in_state_), drawn = static_cast<double>(n_drawn_);
  out << "prompt: " << tokens_text(n_read_);
  if (n_in_state_ > 0) {
    print_line(out, ", %.0f of them in %.3f s, %.1f tokens/s", in_state, prompt_s_,
               rate(in_state, prompt_s_));
  }
  out << "\ngeneration: " << tokens_text(n_drawn_);
  if (n_drawn_ > 0) {
    print_line(out, " in %.3f s, %.1f tokens/s, %.2f GB/s", drawing_s, rate(drawn, drawing_s),
               rate(static_cast<double>(n_drawing_passes_) * pass_bytes_ * 1e-9, drawing_s));
  }
  out << "\nstop: " << stop_ << "\nseed: " << seed_ << '\n';
}

void GenerateStats::print_batch(std::ostream& out, uint64_t n_requests, uint64_t n_failed) const {
  const double elapsed_s = watch_.seconds(), passes = static_cast<double>(n_drawing_passes_);
  const auto read = static_cast<double>(n_read_), drawn = static_cast<double>(n_drawn_);
  char text[400];
  std::snprintf(text, sizeof text,
                "requests: %llu in %.3f s, %llu failed\n"
                "prompt: %.0f tokens, %.1f tokens/s\n"
                "generation: %.0f tokens, %.1f tokens/s, %.2f GB/s, %.1f sequences together\n"
                "seed: %llu\n",
                static_cast<unsigned long long>(n_requests), elapsed_s,
                static_cast<unsigned long long>(n_failed), read, rate(read, elapsed_s), drawn,
                rate(drawn, elapsed_s), rate(passes * pass_bytes_ * 1e-9, elapsed_s), rate(drawn, passes),
                static_cast<unsigned long long>(seed_));
  out << text;
}

}  // namespace rwkv
