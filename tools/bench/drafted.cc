#include "bench/drafted.h"

#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "common/tool.h"
#include "core/stopwatch.h"
#include "sampling/rng.h"

namespace rwkv {
namespace {

constexpr uint64_t kSeed = 1;

Sequence begun(const Runner& runner) {
  Sequence sequence = runner.new_sequence();
  sequence.pending = 1;
  sequence.n_tokens = 1;
  return sequence;
}

class DraftedRun {
 public:
  DraftedRun(Runner& runner, Drafter& drafter, const DraftedSpec& spec)
      : runner_(runner),
        drafter_(drafter),
        spec_(spec),
        continuation_(begun(runner), {.sampler = {.temperature = 0}}),
        memory_(drafter.follow(continuation_.sequence(), {})) {}

  // One pass; returns how many tokens it yields.
  size_t step() {
    throw_if_stopped();
    auto tokens = propose();
    Sequence& sequence = continuation_.sequence();
    const Drawing drawing{&sequence, tokens};
    runner_.step({&drawing, 1}, {});
    size_t n_right = 0;
    while (n_right < tokens.size() && uniform(kSeed, n_compared_++) < spec_.acceptance) ++n_right;
    runner_.advance(std::array{Runner::Fed{0, n_right + 1}});
    tokens.push_back(tokens.back());
    tokens.resize(n_right + 1);
    tokens.back() = (tokens.back() + 1) % static_cast<TokenId>(runner_.model().info().n_vocab);
    sequence.pending = tokens.back();
    sequence.n_tokens += tokens.size();
    memory_->add(tokens);
    return tokens.size();
  }

 private:
  // Filled up where the drafter knows nothing.
  std::vector<TokenId> propose() {
    DraftRequest request{memory_.get(), &continuation_, spec_.draft_tokens};
    drafter_.propose({&request, 1});
    request.tokens.resize(spec_.draft_tokens, 1);
    return std::move(request.tokens);
  }

  Runner& runner_;
  Drafter& drafter_;
  const DraftedSpec& spec_;
  Continuation continuation_;
  std::unique_ptr<DraftMemory> memory_;
  uint64_t n_compared_ = 0;
};

}  // namespace

BenchRun bench_drafted(Runner& runner, Drafter& drafter, const DraftedSpec& spec,
                       const MachineLimits& limits) {
  std::vector<double> seconds;
  BenchWork work;
  for (size_t i = 0; i < spec.repetitions; ++i) {
    DraftedRun run(runner, drafter, spec);
    run.step();  // warms up
    const Stopwatch watch;
    for (work = {}; work.n_tokens < spec.tokens; ++work.n_passes) work.n_tokens += run.step();
    seconds.push_back(watch.seconds());
  }
  work.n_rows = work.n_logit_rows = work.n_passes * (spec.draft_tokens + 1);
  BenchRun run{.test = "drafted",
               .threads = limits.threads,
               .batch = 1,
               .tokens = work.n_tokens,
               .draft_tokens = spec.draft_tokens,
               .acceptance = spec.acceptance};
  rate(run, runner.model(), work, std::move(seconds), limits);
  return run;
}

}  // namespace rwkv
