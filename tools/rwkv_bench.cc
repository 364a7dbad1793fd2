// rwkv-bench: measures how fast a model runs on this machine, beside the machine's limits.
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "bench/drafted.h"
#include "bench/report.h"
#include "bench/sampled.h"
#include "common/command_line.h"
#include "common/common_options.h"
#include "common/draft.h"
#include "common/load_model.h"
#include "common/sampling_options.h"
#include "common/tool.h"
#include "core/error.h"
#include "core/stopwatch.h"
#include "kernels/targets.h"

namespace {

using namespace rwkv;  // NOLINT(google-build-using-namespace): this file is a program over the library

const ToolText kTool{.name = "rwkv-bench",
                     .summary = "measure prefill and decoding beside the machine's limits",
                     .usage = "rwkv-bench -m MODEL [options]",
                     .examples = R"(rwkv-bench -m MODEL
rwkv-bench -m MODEL -b 1,4,16 -t 1,2
rwkv-bench -m MODEL -p 0 --draft self --draft-tokens 4 --accept 0,90
rwkv-bench -m MODEL -p 0 -b 16 --sample '{"top_p": 0.9}'
rwkv-bench -m MODEL -p 0 -n 64 --format json | jq '.runs[].tokens_per_s')",
                     .manual = R"(DESCRIPTION
Measures prefill and decoding, and in the same run this machine's read bandwidth and multiply rates. share is the share of the limit
that applies (binds). It may exceed 1: weights of hidden units that are zero are skipped, but still counted.

With --draft each --accept adds a run "drafted": one sequence, K guesses a pass (--draft-tokens, default 4), of which that
percentage is right by decree, so that any draft can be timed at any quality. With --sample runs "sampled" draw ids, too, and tell the
part of the time that drawing takes once logits are there.

JSON
  {model, limits: [{threads, read_gb_per_s, f32_gflop_per_s, bf16_gflop_per_s, int8_gop_per_s}], runs: [{test, threads, batch, tokens,
   tokens_per_s, min, max, gb_per_s, gflop_per_s, share, binds; of drafted runs draft_tokens, acceptance; of sampled runs sampling,
   drawing_share}], load_s, resident_mb, file_mb}
)",
                     .simd_target = current_target};

struct Options : CommonOptions, DraftOptions {
  std::string format = "md";
  size_t prefill = 512, decode = 128, repetitions = 5;
  std::vector<size_t> batches = {1}, threads, percents_right = {0, 50, 70, 90};
  std::vector<std::string> samplings;
};

constexpr std::string_view kGroup = "runs";
constexpr size_t kMaxTokens = size_t{1} << 20, kMaxBatch = 4096;
constexpr size_t kDraftTokens = 4;

const Option<Options> kOptions[] = {
    {{"prefill", 'p', "", "N", whole(0, kMaxTokens), kGroup, "tokens read in one call (default 512; 0: none)",
      "", true},
     [](Options& o, const OptionValue& v) { o.prefill = v.whole(); }},
    {{"tokens", 'n', "", "N", whole(0, kMaxTokens), kGroup,
      "tokens decoded one by one (default 128; 0: none)", "", true},
     [](Options& o, const OptionValue& v) { o.decode = v.whole(); }},
    {{"batch", 'b', "", "LIST", wholes(1, kMaxBatch), kGroup, "sequences decoded together (default 1)", "",
      true},
     [](Options& o, const OptionValue& v) {
       o.batches = {v.wholes().begin(), v.wholes().end()};
     }},
    {{"threads", 't', "", "LIST", wholes(1, kMaxThreads), kGroup,
      "threads (or RWKV_THREADS; default: every core)", "", true},
     [](Options& o, const OptionValue& v) {
       o.threads = {v.wholes().begin(), v.wholes().end()};
     }},
    {{"repetitions", 'r', "", "N", whole(1, 1000), kGroup, "repetitions; the median counts (default 5)", "",
      true},
     [](Options& o, const OptionValue& v) { o.repetitions = v.whole(); }},
    {{"accept", 0, "", "LIST", wholes(0, 100), kGroup,
      "percent of guesses that are right (default 0,50,70,90)", "With --draft."},
     [](Options& o, const OptionValue& v) {
       o.percents_right = {v.wholes().begin(), v.wholes().end()};
     }},
    {{"sample", 0, "", "JSON", kTextsType, kGroup,
      "decode and draw, with these keys of requests (repeatable)"},
     [](Options& o, const OptionValue& v) { o.samplings = v.texts(); }},
    {{"format", 0, "", "FORMAT", name_of(report_formats), kGroup, "md (default), csv or json", "", true},
     [](Options& o, const OptionValue& v) { o.format = v.text(); }},
};

std::optional<Options> parse(int argc, const char* const* argv) {
  Options o;
  CommandLine line(kTool);
  line.add(kModelOption, o);
  line.add(kLoadOption, o);
  line.add(kOptions, o);
  line.add(draft_options(), o);
  if (!line.parse(argc, argv)) return std::nullopt;
  for (const std::string& sampling : o.samplings)
    with_context("--sample", [&] { sampling_from_json(sampling); });  // refused before anything is measured
  o.model = model_path(o);
  if (o.threads.empty()) o.threads = {thread_count(o)};
  return o;
}

// Resident memory now, not at most: the probe's gigabyte has been released.
double resident_mb() {
  uint64_t mapped_pages = 0, resident_pages = 0;
  std::ifstream("/proc/self/statm") >> mapped_pages >> resident_pages;
  return static_cast<double>(resident_pages) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

void bench_model(const Options& options, const Model& model, const MachineLimits& limits,
                 std::vector<BenchRun>& runs) {
  Workspace workspace(limits.threads);
  BenchSpec prefill{.tokens = options.prefill, .prefill = true, .repetitions = options.repetitions};
  if (options.prefill > 0) runs.push_back(bench(model, workspace, prefill, limits));
  for (const size_t batch : options.batches) {
    const BenchSpec decode{.batch = batch, .tokens = options.decode, .repetitions = options.repetitions};
    if (options.decode > 0) runs.push_back(bench(model, workspace, decode, limits));
  }
}

void bench_drafts(const Options& options, const Model& model, const MachineLimits& limits,
                  std::vector<BenchRun>& runs) {
  const DraftSource source("rwkv-bench", options, model,
                           {.n_threads = limits.threads, .access = options.access});
  const auto drafter = source.make_drafter();
  Runner runner(model, limits.threads);
  for (const size_t percent : options.percents_right) {
    runs.push_back(bench_drafted(runner, *drafter,
                                 {.tokens = options.decode,
                                  .draft_tokens = options.draft_tokens.value_or(kDraftTokens),
                                  .acceptance = static_cast<double>(percent) / 100,
                                  .repetitions = options.repetitions},
                                 limits));
  }
}

void bench_samplings(const Options& options, const Model& model, const MachineLimits& limits,
                     std::vector<BenchRun>& runs) {
  Runner runner(model, limits.threads);
  for (const std::string& sampling : options.samplings) {
    SampledSpec spec{.tokens = options.decode,
                     .repetitions = options.repetitions,
                     .sampling = sampling,
                     .options = sampling_from_json(sampling)};
    check_ids(spec.options, model.info().n_vocab);
    for (const size_t batch : options.batches) {
      spec.batch = batch;
      runs.push_back(bench_sampled(runner, spec, limits));
    }
  }
}

BenchReport run_all(const Options& options) {
  BenchReport report{.model = options.model};
  for (const size_t threads : options.threads) {
    ThreadPool pool(threads);
    report.limits.push_back(measure_limits(pool));
  }
  const Stopwatch watch;
  const Model model = load_model("rwkv-bench", options.model,
                                 {.access = options.access, .n_threads = options.threads.front()});
  report.load_s = watch.seconds();
  for (const auto& limits : report.limits) {
    bench_model(options, model, limits, report.runs);
    if (!options.draft.empty() && options.decode > 0) bench_drafts(options, model, limits, report.runs);
    if (options.decode > 0) bench_samplings(options, model, limits, report.runs);
  }
  report.file_mb = static_cast<double>(std::filesystem::file_size(options.model)) / 1e6;
  report.resident_mb = resident_mb();
  return report;
}

}  // namespace

int main(int argc, char** argv) {
  return run_tool("rwkv-bench", [&] {
    const auto options = parse(argc, argv);
    if (!options) return kSuccess;
    apply_target_environment();
    print(run_all(*options), options->format);
    return kSuccess;
  });
}
