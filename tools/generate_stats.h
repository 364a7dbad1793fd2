// How fast rwkv-generate was.
#pragma once
#include <cstdint>
#include <ostream>

#include "tensor/tensor_file.h"

namespace rwkv {

class GenerateStats {
 public:
  // The clock of the prompt starts.
  GenerateStats(const TensorFile& model, uint64_t seed);
  // The prompt was read; the clock of generation starts.
  void end_prompt(uint64_t n_tokens);
  // One pass over the weights has drawn this many tokens.
  void count_pass(uint64_t n_tokens);
  // Three lines: prompt, generation, seed. GB/s are those of the weights that the passes of generation read.
  void print(std::ostream& out) const;

 private:
  double pass_bytes_;
  uint64_t seed_;
  double started_s_, prompt_end_s_ = 0;
  uint64_t n_prompt_ = 0, n_drawn_ = 0, n_passes_ = 0;
};

}  // namespace rwkv
