# A request is its line: its id comes back byte for byte, nothing in it touches its neighbours, and what is wrong says where.
export RWKV_MODEL=$DEMO/rwkv4-shakespeare.pth RWKV_VOCAB=$DEMO/vocab.txt
cat > requests <<'END'
{"id": 1.0, "ids": [5], "n": 0}
{"ids": [5], "id": 12345678901234567890123, "n": 0}
{"id": 1e400, "ids": [5], "n": 0}

{"id":  { "a" : [ -1E999, "\u0041\"}" ] } , "ids": [5], "n": 0}
{"id": "é\u00e9", "n": 0, "ids": [ 5 , 6]}
{"id": 6, "ids": [5], "n": 0
{"id": 7, "ids": [5,], "n": 0}
{"id": 1, "id": 8, "ids": [6], "ids": [5], "n": 0}
{"id": tru, "ids": [5]}
{"id": 10, "ids": [1, 1024]}
{"id": 11, "ids": [1, [2]]}
{"id": 12, "ids": [1, 2.5]}
{"id": 13, "ids": "[1]"}
{"id": 14, "ids": [1], "max_tokens": 3}
{"id": 15, "ids": [1]} {}
END
expect 1 rwkv-generate --jsonl -b 4 < requests
sed 's/"n": 0/"per_token": false/' requests | sed 13,15d | expect 1 rwkv-score --jsonl -q

echo 'Bytes that are no UTF-8: base64, or replaced.'
printf '%s\n' '{"ids": [5], "n": 3, "bias": {"199": 100}, "temp": 0}' '{"ids": [5], "n": 3, "bias": {"199": 100}, "temp": 0, "utf8": "replace"}' \
  '{"ids": [5], "utf8": "no"}' | expect 1 rwkv-generate --jsonl

echo 'A state file is one however it is spelled: answers do not depend on -b.'
mkdir folder
ln -s later.state link.state
printf '%s\n' '{"ids": [835, 26], "n": 0, "state_out": "a.state"}' "{\"ids\": [199], \"n\": 4, \"temp\": 0, \"state_in\": \"$PWD/folder/../a.state\"}" \
  '{"ids": [835, 26], "n": 0, "state_out": "link.state"}' '{"ids": [199], "n": 4, "temp": 0, "state_in": "later.state"}' > chain
for batch in 1 4; do
  rm -f a.state later.state
  rwkv-generate --jsonl -b $batch < chain | cut -c1-60
done

echo 'A line of ids takes a few times its bytes.'
# A sanitizer keeps freed memory for a while: little of it here.
ASAN_OPTIONS=${ASAN_OPTIONS:-}:quarantine_size_mb=1 python3 - <<'END'
import resource, subprocess
tool = subprocess.Popen(["rwkv-generate", "--jsonl"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
line = b'{"n": 0, "ids": [' + b"5," * 10_000_000 + b"1024]}\n"
print(tool.communicate(line)[0].decode()[:120])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < 200 << 10)
END
