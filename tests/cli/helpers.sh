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

# serve [OPTION]... starts rwkv-serve with the RWKV-7 demo on a free port; sets URL, and SERVER to its process.
serve() {
  : >serve.log
  rwkv-serve -m "$DEMO/rwkv7-shakespeare.pth" -v "$DEMO/vocab.txt" -t 1 --listen 127.0.0.1:0 "$@" 2>>serve.log &
  SERVER=$!
  trap 'kill $SERVER 2>/dev/null || true' EXIT
  local _
  for _ in $(seq 400); do
    URL=$(sed -n 's/^rwkv-serve: listening on //p' serve.log)
    [ -z "$URL" ] || return 0
    kill -0 $SERVER || break
    sleep 0.05
  done
  cat serve.log >&2
  return 1
}

# post PATH JSON [CURL-OPTION]... prints the answer's body.
post() {
  curl -sS --max-time 60 "$URL$1" -H 'Content-Type: application/json' -d "$2" "${@:3}"
}

# status PATH [CURL-OPTION]... prints the answer's status and, of an error, the message.
status() {
  curl -sS --max-time 60 -o body -w '%{http_code} ' "$URL$1" "${@:2}"
  jq -r '.error.message // "answered"' body
}
