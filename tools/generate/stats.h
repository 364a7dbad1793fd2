// How fast rwkv-generate was.
#pragma once
#include <cstdint>
#include <ostream>
#include <string_view>

#include "core/stopwatch.h"
#include "formats/tensor_file.h"

namespace rwkv {

class GenerateStats {
 public:
  // The clock starts.
  GenerateStats(const TensorFile& model, uint64_t seed);
  // The prompt was read; the clock of generation starts. Of its tokens this many are in the state: the last
  // one is read with the first that is drawn, and is no matter of the prompt's rate.
  void end_prompt(uint64_t n_in_state);
  // Why generation ended: stop_name(), or "signal".
  void end(std::string_view stop) { stop_ = stop; }
  // A pass over the weights has read and drawn this many tokens.
  void count_pass(uint64_t n_read, uint64_t n_drawn);
  // Four lines: prompt, generation, why it ended, seed. GB/s are those of the weights that the passes of
  // generation read.
  void print(std::ostream& out) const;
  // The same of a batch, in which prompts are read while others are continued, under a line on its requests.
  void print_batch(std::ostream& out, uint64_t n_requests, uint64_t n_failed) const;

 private:
  double pass_bytes_;
  uint64_t seed_;
  std::string_view stop_;
  Stopwatch watch_;
  double prompt_s_ = 0;
  uint64_t n_read_ = 0, n_in_state_ = 0, n_drawn_ = 0, n_drawing_passes_ = 0;
};

}  // namespace rwkv
