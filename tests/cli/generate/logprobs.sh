# --logprobs: a line for each token drawn.
export RWKV_MODEL=$DEMO/rwkv4-shakespeare.pth
vocab=$DEMO/tokenizer.json
check='
import json, math, sys
for line in sys.stdin:
    token = json.loads(line)
    top = token["top"]
    assert all(a["logprob"] >= b["logprob"] for a, b in zip(top, top[1:]))
    assert all(t["logprob"] == token["logprob"] for t in top if t["id"] == token["id"])
    print(token.get("record"), token["id"], token.get("text"), round(token["logprob"], 4), [(t["id"], t.get("text"), round(t["logprob"], 4)) for t in top])
'
echo '835 26 199' | rwkv-generate -n 3 --greedy --logprobs 2 | python3 -c "$check"
rwkv-generate -v "$vocab" -p $'ROMEO:\n' -n 3 --seed 3 --temp 2 --top-p 1 --logprobs 1 < /dev/null | python3 -c "$check"
printf '835 26 199\n5\n' | rwkv-generate -l -n 2 --greedy --logprobs 1 | python3 -c "$check"
echo 'The sum of all 1000 most likely of 1024 is nearly one; the draw does not depend on them.'
echo '835 26 199' | rwkv-generate -n 1 --seed 1 --logprobs 1000 |
  python3 -c 'import json, math, sys; print(round(sum(math.exp(t["logprob"]) for t in json.load(sys.stdin)["top"]), 3))'
ids() { python3 -c 'import json, sys; print(*(json.loads(line)["id"] for line in sys.stdin))'; }
cmp <(echo 5 | rwkv-generate -n 20 --seed 1) <(echo 5 | rwkv-generate -n 20 --seed 1 --logprobs 1 | ids)
# A token that a stop text begins in is not told of.
rwkv-generate -v "$vocab" -p $'ROMEO:\n' -n 100 --greedy --stop ', I' --logprobs 1 < /dev/null |
  python3 -c 'import json, sys; print("".join(json.loads(line)["text"] for line in sys.stdin))'
expect 2 rwkv-generate -v "$vocab" -p x --logprobs 1 --echo
expect 2 rwkv-generate --logprobs 1001 < /dev/null
