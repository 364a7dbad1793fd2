# Texts as requests are scored as they would be alone; a bad line is answered too, and the others go on.
export RWKV_MODEL=$DEMO/rwkv4-shakespeare.pth RWKV_VOCAB=$DEMO/tokenizer.json
figures() { sed -E 's/([0-9]\.[0-9]{6})[0-9]*/\1/g'; }
cat > requests <<'END'
{"id": "whole", "text": "ROMEO:\nI'll not to bed."}

{"id": "tokens", "ids": [835, 26, 199], "per_token": true}
{"id": "empty", "text": ""}
END
rwkv-score --jsonl < requests 2> /dev/null | figures
printf "ROMEO:\nI'll not to bed." > text
rwkv-score --json -f text | figures
rwkv-score --jsonl -q --bos 0 < requests | figures | sed 1,2d
rwkv-score --bos 0 --json --per-token <<< '835 26 199' > alone
rwkv-score --jsonl -q --bos 0 < requests | sed -n 2p | jq .per_token | cmp - <(jq .per_token alone)

cat > bad <<'END'
nope
[1]
{"id": 1}
{"id": 2, "ids": [1024]}
{"id": 3, "ids": ["a"]}
{"id": 4, "text": [5]}
{"id": 5, "text": "a", "ids": [5]}
{"id": 6, "ids": [5], "answer": 0}
{"id": 7, "ids": [5], "per_token": 1}
{"id": 8, "choices": "a"}
{"id": 9, "choices": []}
{"id": 10, "choices": ["a", 5]}
{"id": 11, "choices": ["a", ""]}
{"id": 12, "choices": ["a", []]}
{"id": 13, "choices": ["a", "b"], "answer": 2}
{"id": 14, "choices": ["a", "b"], "answer": "b"}
{"id": 15, "choices": ["a", "b"], "text": "c"}
{"id": 16, "context": {}, "choices": ["a"]}
{"id": 17, "context": "no", "choices": [[5]]}
END
expect 1 rwkv-score --jsonl < bad | figures
unset RWKV_VOCAB
tail -n 1 bad | expect 1 rwkv-score --jsonl -q

# Answers come as soon as they can: to a request while the next is still awaited.
mkfifo in out
rwkv-score --jsonl -q < in > out &
exec 3> in 4< out
for ids in '[5, 6]' '[5, 7]'; do
  echo "{\"ids\": $ids}" >&3
  read -r answer <&4
  figures <<< "$answer"
done
exec 3>&-
wait $!

# A signal ends it by that signal, while it waits and while it works, and tells what is unfinished.
for next in '' "{\"ids\": [$(printf '5,%.0s' {1..300000})5]}"; do
  rwkv-score --jsonl < in > out &
  exec 3> in 4< out
  echo '{"ids": [5, 6]}' >&3
  read -r _ <&4
  echo "$next" >&3
  sleep 0.5
  terminate $!
  exec 3>&-
done
