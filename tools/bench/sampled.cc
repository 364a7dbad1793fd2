#include "bench/sampled.h"

#include <boost/json.hpp>
#include <utility>
#include <vector>

#include "common/json_members.h"
#include "common/option_json.h"
#include "common/sampling_options.h"
#include "common/tool.h"
#include "core/stopwatch.h"

namespace rwkv {
namespace {

// Seconds of all, and of drawing.
struct Timed {
  double all_s = 0, drawing_s = 0;
};

std::vector<Continuation> begin(Runner& runner, const SampledSpec& spec) {
  std::vector<Continuation> all;
  for (size_t i = 0; i < spec.batch; ++i) {
    ContinuationOptions options = spec.options;
    options.max_tokens = kUnlimited;
    options.stop_at_end_of_text = false;
    options.sampler.seed = i;
    all.emplace_back(runner.new_sequence(), std::move(options));
  }
  return all;
}

double draw_all(std::vector<Continuation>& all, Runner& runner) {
  throw_if_stopped();
  std::vector<Sequence*> sequences;
  for (Continuation& continuation : all) sequences.push_back(&continuation.sequence());
  const auto rows = runner.step(sequences, {});
  const Stopwatch watch;
  runner.pool().for_ranges(all.size(), 1, [&](size_t begin, size_t end) {
    for (size_t i = begin; i < end; ++i) all[i].draw_from(rows[i]);
  });
  return watch.seconds();
}

Timed time_one(Runner& runner, const SampledSpec& spec) {
  auto all = begin(runner, spec);
  draw_all(all, runner);  // warms up
  Timed timed;
  const Stopwatch watch;
  for (size_t i = 0; i < spec.tokens; ++i) timed.drawing_s += draw_all(all, runner);
  timed.all_s = watch.seconds();
  return timed;
}

}  // namespace

ContinuationOptions sampling_from_json(const std::string& text) {
  ContinuationOptions options = default_continuation();
  const boost::json::object object = parse_json_object(text);
  std::vector<std::string> keys;
  append_keys(continuation_options(), keys);
  refuse_unknown_keys(object, keys);
  set_from_json(continuation_options(), object, options);
  return options;
}

BenchRun bench_sampled(Runner& runner, const SampledSpec& spec, const MachineLimits& limits) {
  std::vector<double> seconds;
  Timed sum;
  for (size_t i = 0; i < spec.repetitions; ++i) {
    const Timed timed = time_one(runner, spec);
    seconds.push_back(timed.all_s);
    sum.all_s += timed.all_s;
    sum.drawing_s += timed.drawing_s;
  }
  BenchRun run{.test = "sampled",
               .threads = limits.threads,
               .batch = spec.batch,
               .tokens = spec.tokens,
               .sampling = spec.sampling,
               .drawing_share = sum.drawing_s / sum.all_s};
  const size_t n_rows = spec.batch * spec.tokens;
  rate(run, runner.model(), {n_rows, spec.tokens, n_rows, n_rows}, std::move(seconds), limits);
  return run;
}

}  // namespace rwkv
