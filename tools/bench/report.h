// What rwkv-bench prints.
#pragma once
#include <string>
#include <vector>

#include "bench/run.h"

namespace rwkv {

struct BenchReport {
  std::string model{};  // its path
  std::vector<MachineLimits> limits{};
  std::vector<BenchRun> runs{};
  double load_s = 0, resident_mb = 0, file_mb = 0;
};

std::vector<std::string> report_formats();

// On standard output, in one of these formats.
void print(const BenchReport& report, const std::string& format);

}  // namespace rwkv
