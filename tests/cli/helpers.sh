# What the cases share; run_case.sh reads it before each.

# expect STATUS COMMAND... runs the command; another exit status is told on stderr.
expect() {
  local wanted=$1 status=0
  shift
  "$@" || status=$?
  [ "$status" -eq "$wanted" ] || echo "exit status $status, want $wanted: $*" >&2
}

# terminate PID sends SIGTERM to a job, waits for its end and prints its exit status.
terminate() {
  local status=0
  kill -TERM "$1"
  wait "$1" || status=$?
  echo $status
}

# make_pth FILE [OPTION]... writes a tiny RWKV-4 checkpoint, whole or spoilt; see make_pth.py.
make_pth() { python3 "$CLI/make_pth.py" "$@"; }

# needs PROGRAM... skips the case, and says why, where one of them is not installed.
needs() {
  local program
  for program; do
    command -v "$program" >/dev/null || skip "no $program here"
  done
}

# skip REASON ends the case as one that was not run.
skip() {
  echo "skipped: $*" >&2
  exit 77
}
