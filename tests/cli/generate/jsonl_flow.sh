# How requests come and go: each answered at once, errors and signals told, memory bounded.
export RWKV_MODEL=$DEMO/rwkv4-shakespeare.pth
cat > converse.py <<'END'
"""Sends a request, waits for its answer, then sends the next; a slow one first must not hold up the answers' end."""
import json, subprocess
tool = subprocess.Popen(["rwkv-generate", "--jsonl", "-b", "4"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
for n in (3, 0, 2):
    tool.stdin.write(json.dumps({"ids": [835, 26, 199], "n": n, "temp": 0}) + "\n\n")
    print(json.loads(tool.stdout.readline())["ids"])
tool.stdin.close()
print(tool.wait())
END
python3 converse.py

echo 'A chain through state files is the run that never stopped.'
printf '%s\n' '{"ids": [835, 26], "n": 0, "state_out": "a.state"}' '{"ids": [199], "n": 4, "state_in": "./a.state", "state_out": "b.state", "seed": 5}' \
  '{"ids": [], "n": 4, "state_in": "b.state", "seed": 5, "state_out": "a.state"}' '{"ids": [], "n": 4, "state_in": "a.state", "seed": 5}' > chain
rwkv-generate --jsonl -b 4 < chain | grep -o '"ids":[^]]*' | tr -dc '0-9,\n' | xargs | tr ', ' ' '
echo '835 26 199' | rwkv-generate -n 12 --seed 5
printf '%s\n' '{"ids": [5], "n": 1, "state_in": "nosuch.state"}' '{"id": 2, "ids": [5], "n": 1, "temp": 0, "state_out": "nosuch/a.state"}' '{"ids": [5], "n": 1, "bias": {"5": "inf"}}' '{"ids": [5], "n": 2, "temp": 0}' |
  expect 1 rwkv-generate --jsonl

echo 'Options of the command line are defaults, --stats tells what was done.'
echo '{"ids": [5], "n": 2}' | rwkv-generate --jsonl --greedy --state-in b.state --stop-id 12
printf '%s\n' '{"prompt": "ROMEO:\n", "n": 60, "temp": 0, "stop": ", I"}' '{"ids": [5], "bias": {"0": 100}, "n": 2}' \
  '{"ids": [5], "bias": {"0": 100}, "n": 2, "ignore_eos": true}' '{"ids": [5], "n": 1, "temp": 0, "logprobs": 2}' |
  rwkv-generate --jsonl -v "$DEMO/tokenizer.json" | sed 's/\(logprob":-[0-9]\.[0-9]\{3\}\)[0-9]*/\1/g'
echo '{"ids": [5, 6, 7]}' | rwkv-generate --jsonl --stats -n 4 --greedy --ignore-eos --seed 8
echo '5 6 7' | rwkv-generate --stats -n 4 --greedy --ignore-eos
echo '{"ids": [5]}' | expect 1 rwkv-generate --jsonl > /dev/full

echo 'SIGTERM: what was begun is answered as it stands, and its state written.'
mkfifo requests
rwkv-generate --jsonl -b 3 < requests > answers &
exec 3> requests
# The state of "b" is there as soon as the two before it have drawn a token.
printf '%s\n' '{"id": "a", "ids": [5], "n": -1, "seed": 1, "ignore_eos": true, "state_out": "stopped.state"}' \
  '{"id": "c", "ids": [6], "n": -1, "ignore_eos": true}' '{"id": "b", "ids": [7], "n": 1, "state_out": "b-ended.state"}' >&3
until [ -e b-ended.state ]; do sleep 0.05; done
terminate $!
exec 3>&-
cat > check.py <<'END'
import json
for answer in map(json.loads, open("answers")):
    print(answer["id"], answer.get("error"), answer.get("stop"), len(answer["ids"]) == answer["tokens"] > 0)
    if answer["id"] == "a":
        print(*answer["ids"], file=open("ids", "w"))
END
python3 check.py
n=$(wc -w < ids)
echo 5 | rwkv-generate -n $((n + 3)) --seed 1 --ignore-eos > whole
rwkv-generate -n 3 --state-in stopped.state --seed 1 --ignore-eos < /dev/null | paste -d ' ' ids - | cmp - whole

echo 'Answers that wait for an earlier one are bounded: 100 of 1 MB take no 80 MB.'
cat > flood.py <<'END'
import json, resource, subprocess, threading
tool = subprocess.Popen(["rwkv-generate", "--jsonl", "-b", "4"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
tool.stdin.write(b'{"ids": [5], "n": 4000, "ignore_eos": true}\n')
def feed():
    for _ in range(100):
        tool.stdin.write(json.dumps({"id": "x" * 1000000, "ids": [5], "n": 0}).encode() + b"\n")
    tool.stdin.close()
threading.Thread(target=feed).start()
print(sum(1 for _ in tool.stdout), tool.wait())
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 80 << 10)
END
ASAN_OPTIONS=${ASAN_OPTIONS:-}:quarantine_size_mb=1 python3 flood.py
