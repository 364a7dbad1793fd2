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

GenerateStats::GenerateStats(const TensorFile& model, uint64_t seed, const Speculation* speculation)
    : pass_bytes_(static_cast<double>(footprint(model).read_bytes)), seed_(seed), speculation_(speculation) {}

void GenerateStats::end_prompt(uint64_t n_in_state) {
  n_in_state_ = n_in_state;
  prompt_s_ = watch_.seconds();
}

void GenerateStats::count_pass(uint64_t n_read, uint64_t n_drawn, size_t n_drawing) {
  n_read_ += n_read;
  n_drawn_ += n_drawn;
  n_shares_ += n_drawing;
  if (n_drawing > 0) ++n_drawing_passes_;
}

void GenerateStats::print_draft(std::ostream& out) const {
  if (speculation_ == nullptr) return;
  const auto [n_drafted, n_taken] = speculation_->counts();
  const auto drafted = static_cast<double>(n_drafted), taken = static_cast<double>(n_taken);
  out << "draft: " << tokens_text(n_drafted);
  if (n_drafted > 0) print_line(out, ", %.0f of them right (%.1f %%)", taken, 100 * taken / drafted);
  if (n_shares_ > 0) {
    print_line(out, ", %.2f tokens a pass of each sequence",
               static_cast<double>(n_drawn_) / static_cast<double>(n_shares_));
  }
  out << '\n';
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
  out << '\n';
  print_draft(out);
  out << "stop: " << stop_;
  if (is_complete_) out << (*is_complete_ ? ", complete" : ", incomplete");
  out << "\nseed: " << seed_ << '\n';
}

void GenerateStats::print_batch(std::ostream& out, uint64_t n_requests, uint64_t n_failed) const {
  const double elapsed_s = watch_.seconds(), passes = static_cast<double>(n_drawing_passes_);
  const auto read = static_cast<double>(n_read_), drawn = static_cast<double>(n_drawn_);
  out << "requests: " << n_requests;
  print_line(out, " in %.3f s, ", elapsed_s);
  out << n_failed << " failed\n";
  print_line(out,
             "prompt: %.0f tokens, %.1f tokens/s\n"
             "generation: %.0f tokens, %.1f tokens/s, %.2f GB/s, %.1f sequences together\n",
             read, rate(read, elapsed_s), drawn, rate(drawn, elapsed_s),
             rate(passes * pass_bytes_ * 1e-9, elapsed_s), rate(static_cast<double>(n_shares_), passes));
  print_draft(out);
  out << "seed: " << seed_ << '\n';
}

}  // namespace rwkv
