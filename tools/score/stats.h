// Measures the speed of rwkv-score, and its progress.
#pragma once
#include <cstdint>
#include <ostream>

#include "core/stopwatch.h"

namespace rwkv {

class ScoreStats {
 public:
  void count(uint64_t n_tokens) { n_tokens_ += n_tokens; }
  uint64_t n_tokens() const { return n_tokens_; }
  // One line: tokens, seconds since the construction, tokens a second.
  void print(std::ostream& out) const;

 private:
  Stopwatch watch_;
  uint64_t n_tokens_ = 0;
};

}  // namespace rwkv
