# Answers do not depend on how many requests are decoded together, on their neighbours or on their order.
cat > requests.py <<'END'
import json, random, sys

# With "shuffle" the same requests in another order; those that go on from a state stay behind the one that writes it.
draw = random.Random(3)
requests = []
for i in range(40):
    long = draw.random() < 0.2
    request = {"id": i, "ids": [draw.randrange(1, 1024) for _ in range(draw.randrange(200 if long else 20))],
               "n": draw.randrange(60 if long else 25), "seed": i, "ignore_eos": draw.random() < 0.5}
    request |= draw.choice([{"temp": 0}, {"temp": 0.9, "top_p": 0.8}, {"top_k": 5}, {"temp": 1.5, "top_p": 1, "min_p": 0.02},
                            {"presence": 0.4, "frequency": 0.4, "top_p": 0.9}, {"bias": {"41": 3, "0": "-inf"}}])
    request |= draw.choice([{}, {"stop": [", ", "the", "\n\n"]}, {"stop_ids": [12, 199]}, {"logprobs": 2}, {"ids": [1024]}])
    if i % 5 == 0:
        request["state_out"] = f"{i}.state"
    if i % 5 == 1 and i > 10:
        request["state_in"] = f"{i - 1}.state"
    requests.append(request)
if sys.argv[1:] == ["shuffle"]:
    pairs = [requests[i:i + 2] if i % 5 == 0 else requests[i:i + 1] for i in range(40) if i % 5 != 1]
    draw.shuffle(pairs)
    requests = sum(pairs, [])
print(*map(json.dumps, requests), sep="\n")
END
python3 requests.py > ordered
python3 requests.py shuffle > shuffled
by_id() { python3 -c 'import json, sys; print(*sorted(sys.stdin, key=lambda line: json.loads(line)["id"]), sep="", end="")'; }
for model in rwkv4-shakespeare.pth:tokenizer.json rwkv7-shakespeare.pth:vocab.txt; do
  serve() { rwkv-generate -m "$DEMO/${model%:*}" -v "$DEMO/${model#*:}" --jsonl -q "$@"; }
  # But where a bad request stands, which its answer tells.
  anywhere() { sed -E 's/"line":[0-9]+,//'; }
  expect 1 serve -b 1 -t 1 < ordered | anywhere > alone
  for batch in 1 4 16; do
    rm -f ./*.state
    expect 1 serve -b $batch < ordered | anywhere | cmp - alone
    sha256sum ./*.state > states.$batch
    cmp states.1 states.$batch
    expect 1 serve -b $batch < shuffled | by_id | anywhere | cmp - alone
  done
  cmp <(wc -l < alone) <(wc -l < ordered)
  python3 -c 'import json, sys; print(sorted({a.get("stop", "error") for a in map(json.loads, sys.stdin)}))' < alone
done
