#!/usr/bin/env bash
# Fails when a source file is longer than a reader can keep in mind. usage: check_sizes.sh PROJECT
set -euo pipefail
cd "$1"
max_lines=400
find lib tools \( -name '*.cc' -o -name '*.h' \) -exec wc -l {} \; |
  awk -v max=$max_lines '$1 > max { print $2 ": " $1 " lines, at most " max; broken = 1 } END { exit broken }'
