// rwkv-bench: how fast a model runs here, beside what the machine could do.
#include <unistd.h>

#include <boost/json.hpp>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>

#include "bench/run.h"
#include "common/tool.h"
#include "core/error.h"

namespace {

namespace po = boost::program_options;
using namespace rwkv;  // NOLINT(google-build-using-namespace): this file is a program over the library

constexpr const char* kUsageText =
    "usage: rwkv-bench -m MODEL [options]\n\n"
    "Times prefill and decoding, and measures in the same run what this machine reads and multiplies at\n"
    "most. `share` is the part of the limit that binds which was reached; a model that leaves hidden units "
    "at\n"
    "zero reads less than its weights, and may pass 1.\n"
    "JSON: {model, limits: [{threads, read_gb_per_s, f32_gflop_per_s, int8_gop_per_s}], runs: [{test, "
    "threads,\n"
    "batch, tokens, tokens_per_s, min, max, gb_per_s, gflop_per_s, share, binds}], load_s, resident_mb, "
    "file_mb}\n";

struct Options {
  std::string model, format = "md";
  size_t prefill = 512, decode = 128, repetitions = 5;
  std::vector<size_t> batches = {1}, threads;
  FileAccess access = FileAccess::kMap;
};

// "1,4,16"
std::vector<size_t> parse_list(const std::string& text, const char* option) {
  std::vector<size_t> numbers;
  for (const char *p = text.data(), *end = p + text.size(); p <= end;) {
    size_t n = 0;
    const auto [rest, error] = std::from_chars(p, end, n);
    if (error != std::errc() || n == 0 || n > 4096 || (rest != end && *rest != ',')) {
      usage_error(std::string(option) + " is '" + text +
                  "', want numbers from 1 to 4096 with commas between");
    }
    numbers.push_back(n);
    p = rest + 1;
  }
  return numbers;
}

std::optional<Options> parse(int argc, const char* const* argv) {
  Options o;
  std::string model, batches = "1", threads, load = "map";
  CommandLine line("rwkv-bench", kUsageText);
  auto add = line.add();
  add("model,m", po::value(&model)->value_name("FILE"), "the model (or RWKV_MODEL)");
  add("prefill,p", po::value(&o.prefill)->value_name("N"), "tokens read in one call (default 512; 0: none)");
  add("tokens,n", po::value(&o.decode)->value_name("N"), "tokens decoded one by one (default 128; 0: none)");
  add("batch,b", po::value(&batches)->value_name("LIST"), "sequences decoded together (default 1)");
  add("threads,t", po::value(&threads)->value_name("LIST"), "threads (or RWKV_THREADS; default: every core)");
  add("repetitions,r", po::value(&o.repetitions)->value_name("N"), "of which the median counts (default 5)");
  add("load", po::value(&load)->value_name("HOW"), "map (default) or copy, into huge pages");
  add("format", po::value(&o.format)->value_name("FORMAT"), "md (default), csv or json");
  if (!line.parse(argc, argv)) return std::nullopt;

  const auto path = option_or_environment(model, "RWKV_MODEL");
  if (!path) usage_error("no model: give -m MODEL or set RWKV_MODEL");
  o.model = *path;
  if (o.format != "md" && o.format != "csv" && o.format != "json") {
    usage_error("--format is '" + o.format + "', want md, csv or json");
  }
  if (load != "map" && load != "copy") usage_error("--load is '" + load + "', want map or copy");
  o.access = load == "copy" ? FileAccess::kCopy : FileAccess::kMap;
  if (o.repetitions < 1 || o.repetitions > 1000) usage_error("--repetitions: want 1 to 1000");
  o.batches = parse_list(batches, "--batch");
  o.threads =
      threads.empty() ? std::vector<size_t>{thread_count(std::nullopt)} : parse_list(threads, "--threads");
  return o;
}

struct Report {
  std::vector<MachineLimits> limits;
  std::vector<BenchRun> runs;
  double load_s = 0, resident_mb = 0, file_mb = 0;
};

// Now, not at most: the probe's gigabyte is gone by then.
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
  const auto start = std::chrono::steady_clock::now();
  const Model model = Model::load(options.model, {.access = options.access, .group_norm_eps = std::nullopt});
  report.load_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
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
  std::cout << boost::json::serialize(all) << '\n';
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
      print("limits with %zu threads: read %.1f GB/s, f32 %.1f GFLOP/s, int8 %.1f Gop/s", l.threads,
            l.read_gb_per_s, l.f32_gflop_per_s, l.int8_gop_per_s);
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
    apply_target_environment();
    const auto options = parse(argc, argv);
    if (!options) return kSuccess;
    const Report report = run_all(*options);
    options->format == "json" ? print_json(*options, report) : print_table(report, options->format == "md");
    return kSuccess;
  });
}
