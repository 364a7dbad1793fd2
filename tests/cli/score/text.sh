# A text is scored as its ids are, from standard input or a file, and its pieces are shown.
export RWKV_MODEL=$DEMO/rwkv4-shakespeare.pth RWKV_VOCAB=$DEMO/tokenizer.json
printf "ROMEO:\nI'll not\tto \302\251" > text
rwkv-tokenize < text > ids
rwkv-score < ids | tee of_ids
rwkv-score --text < text | cmp - of_ids
rwkv-score -f - < text | cmp - of_ids
rwkv-score -f text < /dev/null | cmp - of_ids
rwkv-score -f text --bos 0 | cmp - <(rwkv-score --bos 0 < ids)
rwkv-score --per-token -f text 2> figures | sed -E 's/([0-9]\.[0-9]{6})[0-9]*/\1/'
cmp figures of_ids
rwkv-score --per-token -q -f text > /dev/null
rwkv-score --per-token --jsonl -q -f text | sed -E 's/([0-9]\.[0-9]{6})[0-9]*/\1/'
rwkv-score --per-token --json -f text | jq -c '.per_token[]' | cmp - <(rwkv-score --per-token --jsonl -q -f text | jq -c .)
unset RWKV_VOCAB
rwkv-score --per-token -q < ids | head -n 1 | sed -E 's/([0-9]\.[0-9]{6})[0-9]*/\1/'

# The same however the text is cut, and a file need not be whole before scoring begins.
cat "$DEMO/README.md" "$DEMO/README.md" > long
rwkv-score -v "$DEMO/tokenizer.json" -f long > whole
(head -c 5001 long; sleep 0.1; tail -c +5002 long) | rwkv-score -v "$DEMO/tokenizer.json" --text | cmp - whole
rwkv-score -v "$DEMO/tokenizer.json" -f long --stats 2>&1 > /dev/null | sed -E 's/[0-9.]+ s,.*/SECONDS/'
expect 1 rwkv-score -v "$DEMO/tokenizer.json" -f nosuch
expect 1 rwkv-score -v "$DEMO/tokenizer.json" -f .

# Figures leave before more is awaited; a signal ends it by that signal, and tells how far it is.
mkfifo in
stopped_after() {
  local lines=$1 ids=$2
  shift 2
  rwkv-score "$@" < in > figures &
  exec 3> in
  echo "$ids" >&3
  until grep -qs shakespeare "/proc/$!/maps" && [ "$(wc -l < figures)" -ge "$lines" ]; do sleep 0.05; done
  wc -l < figures
  terminate $!
  exec 3>&-
}
stopped_after 192 "$(seq 1 200)" --per-token
stopped_after 0 '[5, 6' --ids json
