#include "bench_run.h"

#include <algorithm>
#include <chrono>

#include "model/footprint.h"
#include "tensor/tensor_file.h"
#include "tool.h"

namespace rwkv {
namespace {

// Rows of a call that share one reading of the weights (Model::forward splits longer ones).
constexpr size_t kRowsAPass = 64;

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
    const auto start = std::chrono::steady_clock::now();
    const size_t step = spec.prefill ? spec.tokens : 1;
    for (size_t i = 0; i < spec.tokens; i += step) {
      throw_if_stopped();
      std::vector<Segment> batch;
      for (State& state : states_) batch.push_back({std::span(tokens_).subspan(i, step), &state});
      model.forward(batch, LogitRows::kLast, {logits_.data(), batch.size(), model.info().n_vocab}, workspace);
    }
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

 private:
  std::vector<State> states_;
  std::vector<TokenId> tokens_;
  std::vector<float> logits_;
};

// Fills in rates from the median time of one repetition.
void rate(BenchRun& run, double seconds, double passes, const TokenCost& cost, const MachineLimits& limits) {
  const double bytes = passes * static_cast<double>(cost.read_bytes);
  const double flops =
      2.0 * static_cast<double>(cost.multiply_adds) * static_cast<double>(run.tokens * run.batch);
  const double peak = cost.integer_products ? limits.int8_gop_per_s : limits.f32_gflop_per_s;
  const double read_s = bytes / 1e9 / limits.read_gb_per_s, compute_s = flops / 1e9 / peak;
  run.gb_per_s = bytes / 1e9 / seconds;
  run.gflop_per_s = flops / 1e9 / seconds;
  run.share = std::max(read_s, compute_s) / seconds;
  run.binds = read_s >= compute_s ? "read" : cost.integer_products ? "int8" : "f32";
}

}  // namespace

TokenCost token_cost(const Model& model) {
  TokenCost cost{.read_bytes = footprint(model.file()).read_bytes};
  uint64_t quantised = 0;
  for (const auto& tensor : model.file().tensors()) {
    const bool table = tensor.name == "emb.weight" || tensor.name.ends_with(".s_emb.weight");
    if (tensor.shape.size() != 2 || table) continue;
    cost.multiply_adds += element_count(tensor.shape);
    if (is_quantised(tensor.dtype)) quantised += element_count(tensor.shape);
  }
  cost.integer_products = quantised > cost.multiply_adds / 2;
  return cost;
}

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
  const size_t rows_a_call = spec.batch * (spec.prefill ? spec.tokens : 1);
  const size_t calls = spec.prefill ? 1 : spec.tokens;
  const size_t passes = calls * ((rows_a_call + kRowsAPass - 1) / kRowsAPass);
  rate(run, median, static_cast<double>(passes), token_cost(model), limits);
  return run;
}

}  // namespace rwkv
