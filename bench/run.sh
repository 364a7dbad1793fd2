#!/usr/bin/env bash
# Runs the kernel benchmarks: a table on stdout, and all figures as JSON in bench/results/, under today's date and
# the commit. usage: bench/run.sh [GOOGLE-BENCHMARK-OPTION]...   e.g. bench/run.sh --benchmark_filter='read|bf16'
set -euo pipefail
cd "$(dirname "$0")/.."
commit=$(git describe --always --dirty 2>/dev/null || echo unknown)
mkdir -p bench/results
build/bin/bench_kernels --benchmark_repetitions=5 --benchmark_report_aggregates_only=true \
  --benchmark_context=commit="$commit" --benchmark_context=cpu="$(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)" \
  --benchmark_out="bench/results/$(date +%F)-kernels-$commit.json" --benchmark_out_format=json "$@"
