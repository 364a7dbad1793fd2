#include "bench/report.h"

#include <boost/json.hpp>
#include <cstdio>
#include <iostream>

#include "common/json_text.h"

namespace rwkv {
namespace {

boost::json::object json_of(const MachineLimits& limits) {
  return {{"threads", limits.threads},
          {"read_gb_per_s", limits.read_gb_per_s},
          {"f32_gflop_per_s", limits.f32_gflop_per_s},
          {"bf16_gflop_per_s", limits.bf16_gflop_per_s},
          {"int8_gop_per_s", limits.int8_gop_per_s}};
}

boost::json::object json_of(const BenchRun& run) {
  boost::json::object object{{"test", run.test},
                             {"threads", run.threads},
                             {"batch", run.batch},
                             {"tokens", run.tokens},
                             {"tokens_per_s", run.tokens_per_s},
                             {"min", run.min},
                             {"max", run.max},
                             {"gb_per_s", run.gb_per_s},
                             {"gflop_per_s", run.gflop_per_s},
                             {"share", run.share},
                             {"binds", run.binds}};
  if (run.draft_tokens > 0) {
    object["draft_tokens"] = run.draft_tokens;
    object["acceptance"] = run.acceptance;
  }
  if (!run.sampling.empty()) {
    object["sampling"] = boost::json::parse(run.sampling);
    object["drawing_share"] = run.drawing_share;
  }
  return object;
}

void print_json(const BenchReport& report) {
  boost::json::array limits, runs;
  for (const MachineLimits& one : report.limits) limits.push_back(json_of(one));
  for (const BenchRun& run : report.runs) runs.push_back(json_of(run));
  const boost::json::object all{{"model", report.model},
                                {"limits", limits},
                                {"runs", runs},
                                {"load_s", report.load_s},
                                {"resident_mb", report.resident_mb},
                                {"file_mb", report.file_mb}};
  std::cout << json_text(all) << '\n';
}

template <class... Arguments>
std::string formatted(const char* format, Arguments... arguments) {
  char line[256];
  std::snprintf(line, sizeof line, format, arguments...);
  return line;
}

// The test, and what else it is of.
std::string name_of(const BenchRun& run) {
  if (run.draft_tokens > 0)
    return formatted("%s %zu %.0f%% right", run.test.c_str(), run.draft_tokens, 100 * run.acceptance);
  if (!run.sampling.empty()) return formatted("%s %.2f%% drawing", run.test.c_str(), 100 * run.drawing_share);
  return run.test;
}

void print_head(const BenchReport& report) {
  for (const auto& l : report.limits) {
    std::cout << formatted(
        "limits with %zu thread%s: read %.1f GB/s, f32 %.1f GFLOP/s, bf16 %.1f GFLOP/s, int8 %.1f Gop/s\n",
        l.threads, l.threads == 1 ? "" : "s", l.read_gb_per_s, l.f32_gflop_per_s, l.bf16_gflop_per_s,
        l.int8_gop_per_s);
  }
  std::cout << formatted("loaded in %.3f s, file %.1f MB, resident %.1f MB\n\n", report.load_s,
                         report.file_mb, report.resident_mb)
            << "| test | threads | batch | tokens | tokens/s | min | max | GB/s | GFLOP/s | share | binds |\n"
               "|---|---|---|---|---|---|---|---|---|---|---|\n";
}

void print_table(const BenchReport& report, bool markdown) {
  if (markdown) {
    print_head(report);
  } else {
    std::cout << "test,threads,batch,tokens,tokens_per_s,min,max,gb_per_s,gflop_per_s,share,binds\n";
  }
  for (const BenchRun& r : report.runs) {
    std::cout << formatted(markdown
                               ? "| %s | %zu | %zu | %zu | %.2f | %.2f | %.2f | %.2f | %.1f | %.2f | %s |\n"
                               : "%s,%zu,%zu,%zu,%.6g,%.6g,%.6g,%.6g,%.6g,%.6g,%s\n",
                           name_of(r).c_str(), r.threads, r.batch, r.tokens, r.tokens_per_s, r.min, r.max,
                           r.gb_per_s, r.gflop_per_s, r.share, r.binds.c_str());
  }
}

}  // namespace

std::vector<std::string> report_formats() { return {"md", "csv", "json"}; }

void print(const BenchReport& report, const std::string& format) {
  format == "json" ? print_json(report) : print_table(report, format == "md");
}

}  // namespace rwkv
