#include "bench/run.h"

#include <algorithm>

#include "checkpoint/footprint.h"
#include "common/tool.h"
#include "core/stopwatch.h"
#include "formats/tensor_file.h"

namespace rwkv {
namespace {

// Any tokens do: what a pass costs does not depend on them.
std::vector<TokenId> some_tokens(size_t n, size_t n_vocab) {
  std::vector<TokenId> tokens(n);
  for (size_t i = 0; i < n; ++i) tokens[i] = static_cast<TokenId>((i * 7919 + 1) % n_vocab);
  return tokens;
}

class Sequences {
 public:
  Sequences(const Model& model, const BenchSpec& spec)
      : states_(spec.batch, model.initial_state()),
        tokens_(some_tokens(spec.tokens, model.info().n_vocab)),
        logits_(spec.batch * model.info().n_vocab) {}

  // Seconds for all tokens of all sequences.
  double run(const Model& model, Workspace& workspace, const BenchSpec& spec) {
    const Stopwatch watch;
    const size_t step = spec.prefill ? spec.tokens : 1;
    for (size_t i = 0; i < spec.tokens; i += step) {
      throw_if_stopped();
      std::vector<Segment> batch;
      for (State& state : states_) batch.push_back({std::span(tokens_).subspan(i, step), &state});
      model.forward(batch, LogitRows::kLast, {logits_.data(), batch.size(), model.info().n_vocab}, workspace);
    }
    return watch.seconds();
  }

 private:
  std::vector<State> states_;
  std::vector<TokenId> tokens_;
  std::vector<float> logits_;
};

// Floating-point or integer operations of all tokens, of which `logit_rows` go through the head.
double operations(const Footprint& cost, size_t rows, size_t logit_rows) {
  return 2.0 * (static_cast<double>(cost.multiply_adds) * static_cast<double>(rows) +
                static_cast<double>(cost.head_multiply_adds) * static_cast<double>(logit_rows));
}

// Fills in rates from the median time of one repetition.
void rate(BenchRun& run, double seconds, double bytes, double operations, bool integer_products,
          const MachineLimits& limits) {
  const double peak = integer_products ? limits.int8_gop_per_s : limits.f32_gflop_per_s;
  const double read_s = bytes / 1e9 / limits.read_gb_per_s, compute_s = operations / 1e9 / peak;
  run.gb_per_s = bytes / 1e9 / seconds;
  run.gflop_per_s = operations / 1e9 / seconds;
  run.share = std::max(read_s, compute_s) / seconds;
  run.binds = read_s >= compute_s ? "read" : integer_products ? "int8" : "f32";
}

}  // namespace

BenchRun bench(const Model& model, Workspace& workspace, const BenchSpec& spec, const MachineLimits& limits) {
  Sequences sequences(model, spec);
  sequences.run(model, workspace, {.batch = spec.batch, .tokens = 1, .prefill = spec.prefill});  // warms up
  std::vector<double> seconds;
  for (size_t i = 0; i < spec.repetitions; ++i) seconds.push_back(sequences.run(model, workspace, spec));
  std::ranges::sort(seconds);
  const double median = seconds[seconds.size() / 2], all = static_cast<double>(spec.tokens * spec.batch);
  BenchRun run{.test = spec.prefill ? "prefill" : "decode",
               .threads = limits.threads,
               .batch = spec.batch,
               .tokens = spec.tokens,
               .tokens_per_s = all / median,
               .min = all / seconds.back(),
               .max = all / seconds.front(),
               .binds = {}};
  const size_t n_calls = spec.prefill ? 1 : spec.tokens, rows_a_call = spec.batch * spec.tokens / n_calls;
  const size_t n_passes = n_calls * ((rows_a_call + kRowsOfPass - 1) / kRowsOfPass);
  const Footprint cost = footprint(model.file());
  rate(run, median, static_cast<double>(n_passes * cost.read_bytes),
       operations(cost, rows_a_call * n_calls, spec.batch * n_calls),
       cost.integer_multiply_adds > (cost.multiply_adds + cost.head_multiply_adds) / 2, limits);
  return run;
}

}  // namespace rwkv
