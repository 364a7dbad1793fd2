#!/usr/bin/env bash
# Writes what the cases print now as what they should print. usage: tests/cli/update.sh [CASE.sh]...   (default: all)
# Read the difference that git shows before you keep it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
[ $# -gt 0 ] || set -- "$here"/*/*.sh
for case_file; do
  "$here/run_case.sh" --update "$here/../../build/bin" "$case_file" || [ $? -eq 77 ]
done
