#!/usr/bin/env bash
# Runs each built fuzzer for a while, as many at a time as there are cores, from its seeds in tests/fuzz/corpus/ and with
# its words in tests/fuzz/dictionaries/. usage: scripts/fuzz.sh [SECONDS]
set -euo pipefail
cd "$(dirname "$0")/.."
export seconds=${1:-60} build=build-debug-asan

# Prints what the fuzzer printed once it is done.
run_fuzzer() {
  local name=${1##*/} found dictionary out
  found=$build/corpus/${name#fuzz_}
  dictionary=tests/fuzz/dictionaries/${name#fuzz_}.dict
  mkdir -p "$found"
  local options=(-max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0
    -artifact_prefix="$build/$name-")
  [ ! -e "$dictionary" ] || options+=(-dict="$dictionary")
  local status=0
  out=$("$1" "${options[@]}" "$found" "tests/fuzz/corpus/${name#fuzz_}" 2>&1) || status=$?
  printf '== %s, %s s\n%s\n' "$name" "$seconds" "$out"
  return $status
}
export -f run_fuzzer

shopt -s failglob
printf '%s\0' "$build"/bin/fuzz_* | xargs -0 -n 1 -P "$(nproc)" bash -euc 'run_fuzzer "$0"'
