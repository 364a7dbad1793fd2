// How fast rwkv-generate was.
#pragma once
#include <cstdint>
#include <ostream>

#include "formats/tensor_file.h"

namespace rwkv {

class GenerateStats {
 public:
  // The clock starts.
  GenerateStats(const TensorFile& model, uint64_t seed);
  // The prompt was read; the clock of generation starts.
  void end_prompt();
  // A pass over the weights has read and drawn this many tokens.
  void count_pass(uint64_t n_read, uint64_t n_drawn);
  // Three lines: prompt, generation, seed. GB/s are those of the weights that the passes of generation read.
  void print(std::ostream& out) const;
  // The same of a batch, in which prompts are read while others are continued, under a line on its requests.
  void print_batch(std::ostream& out, uint64_t n_requests, uint64_t n_failed) const;

 private:
  double pass_bytes_;
  uint64_t seed_;
  double started_s_, prompt_end_s_;
  uint64_t n_read_ = 0, n_drawn_ = 0, n_drawing_passes_ = 0;
};

}  // namespace rwkv
