// Times decoding as users run it: with drawing ids.
#pragma once
#include <string>

#include "bench/run.h"
#include "session/continuation.h"

namespace rwkv {

struct SampledSpec {
  size_t batch = 1;   // sequences
  size_t tokens = 0;  // of each
  size_t repetitions = 5;
  std::string sampling{};  // `options` as they were given
  ContinuationOptions options{};
};

// From an object with the keys of requests. Error kUsage.
ContinuationOptions sampling_from_json(const std::string& text);

// A run "sampled": each pass over the weights is followed by drawing an id for every sequence, on all
// threads.
BenchRun bench_sampled(Runner& runner, const SampledSpec& spec, const MachineLimits& limits);

}  // namespace rwkv
