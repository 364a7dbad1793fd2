// rwkv-bench: measures how fast a model runs on this machine, beside the machine's limits.
#include <unistd.h>

#include <boost/json.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "bench/run.h"
#include "common/command_line.h"
#include "common/common_options.h"
#include "common/json_text.h"
#include "common/load_model.h"
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
rwkv-bench -m MODEL -p 0 -n 64 --format json | jq '.runs[].tokens_per_s')",
                     .manual = R"(DESCRIPTION
Measures prefill and decoding, and in the same run this machine's read bandwidth and multiply rates. share is the share of the limit
that applies (binds). It may exceed 1: weights of hidden units that are zero are skipped, but still counted.

JSON
  {model, limits: [{threads, read_gb_per_s, f32_gflop_per_s, int8_gop_per_s}], runs: [{test, threads, batch, tokens, tokens_per_s,
   min, max, gb_per_s, gflop_per_s, share, binds}], load_s, resident_mb, file_mb}
)",
                     .simd_target = current_target};

struct Options : CommonOptions {
  std::string format = "md";
  size_t prefill = 512, decode = 128, repetitions = 5;
  std::vector<size_t> batches = {1}, threads;
};

std::vector<std::string> format_names() { return {"md", "csv", "json"}; }

constexpr std::string_view kGroup = "runs";
constexpr size_t kMaxTokens = size_t{1} << 20, kMaxBatch = 4096;

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
    {{"format", 0, "", "FORMAT", name_of(format_names), kGroup, "md (default), csv or json", "", true},
     [](Options& o, const OptionValue& v) { o.format = v.text(); }},
};

std::optional<Options> parse(int argc, const char* const* argv) {
  Options o;
  CommandLine line(kTool);
  line.add(kModelOption, o);
  line.add(kLoadOption, o);
  line.add(kOptions, o);
  if (!line.parse(argc, argv)) return std::nullopt;
  o.model = model_path(o);
  if (o.threads.empty()) o.threads = {thread_count(o)};
  return o;
}

struct Report {
  std::vector<MachineLimits> limits;
  std::vector<BenchRun> runs;
  double load_s = 0, resident_mb = 0, file_mb = 0;
};

// Resident memory now, not at most: the probe's gigabyte has been released.
double resident_mb() {
  uint64_t mapped_pages = 0, resident_pages = 0;
  std::ifstream("/proc/self/statm") >> mapped_pages >> resident_pages;
  return static_cast<double>(resident_pages) * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

Report run_all(const Options& options) {
  Report report;
  for (const size_t threads : options.threads) {
    ThreadPool pool(threads);
    report.limits.push_back(measure_limits(pool));
  }
  const Stopwatch watch;
  const Model model = load_model("rwkv-bench", options.model,
                                 {.access = options.access, .n_threads = options.threads.front()});
  report.load_s = watch.seconds();
  for (const auto& limits : report.limits) {
    Workspace workspace(limits.threads);
    BenchSpec prefill{.tokens = options.prefill, .prefill = true, .repetitions = options.repetitions};
    if (options.prefill > 0) report.runs.push_back(bench(model, workspace, prefill, limits));
    for (const size_t batch : options.batches) {
      const BenchSpec decode{.batch = batch, .tokens = options.decode, .repetitions = options.repetitions};
      if (options.decode > 0) report.runs.push_back(bench(model, workspace, decode, limits));
    }
  }
  report.file_mb = static_cast<double>(std::filesystem::file_size(options.model)) / 1e6;
  report.resident_mb = resident_mb();
  return report;
}

void print_json(const Options& options, const Report& report) {
  boost::json::array limits, runs;
  for (const auto& l : report.limits) {
    limits.push_back({{"threads", l.threads},
                      {"read_gb_per_s", l.read_gb_per_s},
                      {"f32_gflop_per_s", l.f32_gflop_per_s},
                      {"int8_gop_per_s", l.int8_gop_per_s}});
  }
  for (const auto& r : report.runs) {
    runs.push_back({{"test", r.test},
                    {"threads", r.threads},
                    {"batch", r.batch},
                    {"tokens", r.tokens},
                    {"tokens_per_s", r.tokens_per_s},
                    {"min", r.min},
                    {"max", r.max},
                    {"gb_per_s", r.gb_per_s},
                    {"gflop_per_s", r.gflop_per_s},
                    {"share", r.share},
                    {"binds", r.binds}});
  }
  const boost::json::object all{{"model", options.model},
                                {"limits", limits},
                                {"runs", runs},
                                {"load_s", report.load_s},
                                {"resident_mb", report.resident_mb},
                                {"file_mb", report.file_mb}};
  std::cout << json_text(all) << '\n';
}

template <class... Arguments>
void print(const char* format, Arguments... arguments) {
  char line[256];
  std::snprintf(line, sizeof line, format, arguments...);
  std::cout << line << '\n';
}

void print_table(const Report& report, bool markdown) {
  if (markdown) {
    for (const auto& l : report.limits) {
      print("limits with %zu thread%s: read %.1f GB/s, f32 %.1f GFLOP/s, int8 %.1f Gop/s", l.threads,
            l.threads == 1 ? "" : "s", l.read_gb_per_s, l.f32_gflop_per_s, l.int8_gop_per_s);
    }
    print("loaded in %.3f s, file %.1f MB, resident %.1f MB\n", report.load_s, report.file_mb,
          report.resident_mb);
    std::cout
        << "| test | threads | batch | tokens | tokens/s | min | max | GB/s | GFLOP/s | share | binds |\n"
           "|---|---|---|---|---|---|---|---|---|---|---|\n";
  } else {
    std::cout << "test,threads,batch,tokens,tokens_per_s,min,max,gb_per_s,gflop_per_s,share,binds\n";
  }
  for (const auto& r : report.runs) {
    print(markdown ? "| %s | %zu | %zu | %zu | %.2f | %.2f | %.2f | %.2f | %.1f | %.2f | %s |"
                   : "%s,%zu,%zu,%zu,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g,%s",
          r.test.c_str(), r.threads, r.batch, r.tokens, r.tokens_per_s, r.min, r.max, r.gb_per_s,
          r.gflop_per_s, r.share, r.binds.c_str());
  }
}

}  // namespace

int main(int argc, char** argv) {
  return run_tool("rwkv-bench", [&] {
    const auto options = parse(argc, argv);
    if (!options) return kSuccess;
    apply_target_environment();
    const Report report = run_all(*options);
    options->format == "json" ? print_json(*options, report) : print_table(report, options->format == "md");
    return kSuccess;
  });
}
