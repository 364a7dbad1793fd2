#!/usr/bin/env bash
# Checks the format of all sources and runs clang-tidy over what is shipped. usage: scripts/lint.sh [JOBS]
set -euo pipefail
cd "$(dirname "$0")/.."

# find_tool NAME prints the version that CI uses (14) where it is installed, else any.
find_tool() { command -v "$1-14" || command -v "$1" || { echo "lint: $1 is not installed" >&2 && return 1; }; }

format=$(find_tool clang-format)
find lib tools tests bench include compat examples \( -name '*.cc' -o -name '*.h' -o -name '*.hpp' -o -name '*.c' \) -print0 | xargs -0 "$format" --dry-run --Werror

run_tidy=$(find_tool run-clang-tidy)
tidy=$(find_tool clang-tidy)
cmake --preset tidy
"$run_tidy" -clang-tidy-binary "$tidy" -p build-tidy -j "${1:-2}" -quiet "^$PWD/(lib|tools|bench|compat)/"
