// Times a model's forward passes.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "kernels/probe.h"
#include "model/model.h"

namespace rwkv {

struct BenchRun {
  std::string test;  // "prefill", "decode", "drafted" or "sampled"
  size_t threads = 0, batch = 0, tokens = 0;
  double tokens_per_s = 0, min = 0, max = 0;  // median, slowest and fastest of the repetitions
  double gb_per_s = 0, gflop_per_s = 0;
  double share = 0;     // of the machine's limit
  std::string binds{};  // the limit that applies: "read", "f32", "bf16" or "int8"

  // Of drafted runs: how many tokens of a pass are guesses, and the probability that each is right.
  size_t draft_tokens = 0;
  double acceptance = 0;
  // Of sampled runs: the options, in JSON, and the part of the time that drawing from the logits takes.
  std::string sampling{};
  double drawing_share = 0;
};

struct BenchSpec {
  size_t batch = 1;      // sequences
  size_t tokens = 0;     // of each
  bool prefill = false;  // all tokens in one call; else one token a call
  size_t repetitions = 5;
};

BenchRun bench(const Model& model, Workspace& workspace, const BenchSpec& spec, const MachineLimits& limits);

// What one repetition does.
struct BenchWork {
  size_t n_tokens = 0;                  // read or drawn
  size_t n_passes = 0;                  // over the weights
  size_t n_rows = 0, n_logit_rows = 0;  // of all passes
};

// Fills in the rates and the share, from the seconds of the repetitions; returns the median of these.
double rate(BenchRun& run, const Model& model, const BenchWork& work, std::vector<double> seconds,
            const MachineLimits& limits);

}  // namespace rwkv
