#!/usr/bin/env bash
# Runs one transcript case and compares what it printed with what is kept beside it.
# usage: run_case.sh [--update] BIN CASE.sh
#   CASE.sh      runs in an empty folder, after helpers.sh; BIN is first in PATH, DEMO is the demo folder, CLI this one
#   CASE.stdout  what it prints, exactly          (absent: nothing); the demo folder's path is replaced by $DEMO
#   CASE.stderr  the same of stderr, a line may be a glob (absent: nothing)
#   CASE.exit    its exit status                  (absent: 0)
# A case that ends with 77 was skipped (helpers.sh), and so does this script end.
# --update writes these files anew where they do not match.
set -uo pipefail

update=no
if [ "$1" = --update ]; then
  update=yes
  shift
fi
CLI=$(cd "$(dirname "$0")" && pwd)
DEMO=$(cd "$CLI/../../demo" && pwd)
PATH=$(cd "$1" && pwd):$PATH
case_file=$(realpath "$2")
kept=${case_file%.sh}
export CLI DEMO PATH LC_ALL=C
unset RWKV_MODEL RWKV_VOCAB RWKV_THREADS RWKV_TARGET NO_COLOR

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir "$scratch/cwd"

(cd "$scratch/cwd" && exec env --default-signal=PIPE bash -eu -c '. "$CLI/helpers.sh"; . "$1"' case "$case_file") \
  >"$scratch/stdout" 2>"$scratch/stderr" </dev/null
echo $? >"$scratch/exit"
if [ "$(cat "$scratch/exit")" = 77 ]; then
  grep '^skipped: ' "$scratch/stderr"
  exit 77
fi
sed -i "s|$DEMO|\$DEMO|g" "$scratch/stdout" "$scratch/stderr"

# Each line of file $1 equals, or as a glob matches, the same line of file $2.
matches() {
  local -a actual wanted
  local i
  mapfile -t actual <"$1"
  mapfile -t wanted <"$2"
  [ ${#actual[@]} -eq ${#wanted[@]} ] || return 1
  for i in "${!actual[@]}"; do
    # shellcheck disable=SC2053  # the right side is meant as a glob
    [ "${actual[i]}" = "${wanted[i]}" ] || [[ ${actual[i]} == ${wanted[i]} ]] || return 1
  done
}

# same KIND DEFAULT: what was printed is what is kept, or DEFAULT where nothing is kept.
same() {
  local actual=$scratch/$1 wanted=$kept.$1
  [ -e "$wanted" ] || { wanted=$scratch/default && printf %s "$2" >"$wanted"; }
  if [ "$1" = stderr ] && matches "$actual" "$wanted"; then return 0; fi
  if cmp -s "$wanted" "$actual"; then return 0; fi
  if [ $update = no ]; then
    diff -au --label "wanted $1" --label "actual $1" "$wanted" "$actual"
    return 1
  fi
  rm -f "$kept.$1"
  printf %s "$2" | cmp -s - "$actual" || cp "$actual" "$kept.$1"
}

failed=0
same stdout '' || failed=1
same stderr '' || failed=1
same exit $'0\n' || failed=1
exit $failed
