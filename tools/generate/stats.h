// Measures the speed of rwkv-generate.
#pragma once
#include <cstdint>
#include <optional>
#include <ostream>
#include <string_view>

#include "core/stopwatch.h"
#include "formats/tensor_file.h"
#include "session/speculation.h"

namespace rwkv {

class GenerateStats {
 public:
  // Starts the clock. `speculation`, whose counts are printed, may be null.
  GenerateStats(const TensorFile& model, uint64_t seed, const Speculation* speculation);
  // Call after the prompt was read; starts the clock of generation. So many of the prompt's tokens are in the
  // state; the last one is read together with the first draw and does not count in the prompt's rate.
  void end_prompt(uint64_t n_in_state);
  // The reason why generation ended: stop_name(), or "signal"; and whether the text is complete, if a
  // constraint says when it is.
  void end(std::string_view stop, std::optional<bool> is_complete = {}) {
    stop_ = stop;
    is_complete_ = is_complete;
  }
  // A pass over the weights has read and drawn so many tokens, these of n_drawing sequences.
  void count_pass(uint64_t n_read, uint64_t n_drawn, size_t n_drawing);
  // Prints four lines: prompt, generation, why it ended, seed; with drafts also one about them. GB/s count
  // the weights read by the passes of generation.
  void print(std::ostream& out) const;
  // The same for a batch, which reads and draws in the same passes, below a line about its requests.
  void print_batch(std::ostream& out, uint64_t n_requests, uint64_t n_failed) const;

 private:
  void print_draft(std::ostream& out) const;

  double pass_bytes_;
  uint64_t seed_;
  const Speculation* speculation_;
  std::string_view stop_;
  std::optional<bool> is_complete_{};
  Stopwatch watch_;
  double prompt_s_ = 0;
  uint64_t n_read_ = 0, n_in_state_ = 0, n_drawn_ = 0, n_drawing_passes_ = 0;
  uint64_t n_shares_ = 0;  // of sequences in passes that drew
};

}  // namespace rwkv
