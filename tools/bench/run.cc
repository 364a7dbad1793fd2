#include "bench/run.h"

#include <algorithm>
#include <utility>

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

// The products that most of a model's multiply-adds are.
struct Products {
  const char* name;
  double giga_per_s;  // the machine's limit
};

Products products_of(const Footprint& cost, const MachineLimits& limits) {
  const uint64_t half = (cost.multiply_adds + cost.head_multiply_adds) / 2;
  if (cost.integer_multiply_adds > half) return {"int8", limits.int8_gop_per_s};
  if (cost.bf16_multiply_adds > half) return {"bf16", limits.bf16_gflop_per_s};
  return {"f32", limits.f32_gflop_per_s};
}

}  // namespace

double rate(BenchRun& run, const Model& model, const BenchWork& work, std::vector<double> seconds,
            const MachineLimits& limits) {
  std::ranges::sort(seconds);
  const double median = seconds[seconds.size() / 2], all = static_cast<double>(work.n_tokens);
  run.tokens_per_s = all / median;
  run.min = all / seconds.back();
  run.max = all / seconds.front();
  const Footprint cost = footprint(model.file());
  const double gigabytes = static_cast<double>(work.n_passes * cost.read_bytes) / 1e9;
  const double giga_operations =
      2 *
      (static_cast<double>(cost.multiply_adds) * static_cast<double>(work.n_rows) +
       static_cast<double>(cost.head_multiply_adds) * static_cast<double>(work.n_logit_rows)) /
      1e9;
  const Products products = products_of(cost, limits);
  const double read_s = gigabytes / limits.read_gb_per_s, compute_s = giga_operations / products.giga_per_s;
  run.gb_per_s = gigabytes / median;
  run.gflop_per_s = giga_operations / median;
  run.share = std::max(read_s, compute_s) / median;
  run.binds = read_s >= compute_s ? "read" : products.name;
  return median;
}

BenchRun bench(const Model& model, Workspace& workspace, const BenchSpec& spec, const MachineLimits& limits) {
  Sequences sequences(model, spec);
  sequences.run(model, workspace, {.batch = spec.batch, .tokens = 1, .prefill = spec.prefill});  // warms up
  std::vector<double> seconds;
  for (size_t i = 0; i < spec.repetitions; ++i) seconds.push_back(sequences.run(model, workspace, spec));
  BenchRun run{.test = spec.prefill ? "prefill" : "decode",
               .threads = limits.threads,
               .batch = spec.batch,
               .tokens = spec.tokens};
  const size_t n_calls = spec.prefill ? 1 : spec.tokens, n_rows = spec.batch * spec.tokens;
  const size_t passes_a_call = (n_rows / n_calls + kRowsOfPass - 1) / kRowsOfPass;
  rate(run, model, {n_rows, n_calls * passes_a_call, n_rows, spec.batch * n_calls}, std::move(seconds),
       limits);
  return run;
}

}  // namespace rwkv
