#!/usr/bin/env bash
# Runs each built fuzzer for a while, from its seeds in tests/fuzz/corpus/. usage: scripts/fuzz.sh [SECONDS]
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}

shopt -s failglob
for fuzzer in build-fuzz/bin/fuzz_*; do
  name=$(basename "$fuzzer")
  found=build-fuzz/corpus/${name#fuzz_}
  mkdir -p "$found"
  echo "== $name, $seconds s"
  "$fuzzer" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0 \
    -artifact_prefix="build-fuzz/$name-" "$found" "tests/fuzz/corpus/${name#fuzz_}"
done
