// Times decoding with drafts of which a given share is right.
#pragma once
#include "bench/run.h"
#include "session/drafter.h"
#include "session/runner.h"

namespace rwkv {

struct DraftedSpec {
  size_t tokens = 0;        // of one sequence, at least
  size_t draft_tokens = 0;  // in each pass
  double acceptance = 0;    // probability that a drafted token is right, if those before it are
  size_t repetitions = 5;
};

// A run "drafted". The drafter drafts as always, but whether a token is right is decided by random numbers,
// the same in each run. So all is timed but drawing from the model's logits.
BenchRun bench_drafted(Runner& runner, Drafter& drafter, const DraftedSpec& spec,
                       const MachineLimits& limits);

}  // namespace rwkv
