// Times a model's forward passes.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "kernels/probe.h"
#include "model/model.h"

namespace rwkv {

struct BenchRun {
  std::string test;  // "prefill" or "decode"
  size_t threads = 0, batch = 0, tokens = 0;
  double tokens_per_s = 0, min = 0, max = 0;  // median, slowest and fastest of the repetitions
  double gb_per_s = 0, gflop_per_s = 0;
  double share = 0;   // of the machine's limit
  std::string binds;  // the limit that applies: "read", "f32" or "int8"
};

struct BenchSpec {
  size_t batch = 1;      // sequences
  size_t tokens = 0;     // of each
  bool prefill = false;  // all tokens in one call; else one token a call
  size_t repetitions = 5;
};

BenchRun bench(const Model& model, Workspace& workspace, const BenchSpec& spec, const MachineLimits& limits);

}  // namespace rwkv
