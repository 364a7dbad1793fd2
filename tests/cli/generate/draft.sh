# With a draft a run writes the same ids, texts and states: whatever drafts, threads, batch, cut of the prompt and SIMD target.
export RWKV_MODEL=$DEMO/rwkv7-shakespeare.pth RWKV_VOCAB=$DEMO/vocab.txt
rwkv-convert -q "$RWKV_MODEL" q4.safetensors --dtype q4
cat > prompt <<'END'
ROMEO:
Good morrow, good Benvolio. Good morrow, good Benvolio. Good morrow, good
END
cat > requests.py <<'END'
import json
texts = ["ROMEO:\n", "", open("prompt").read(), "the the the the the the the", "A" * 300]
ways = [{"temp": 0}, {"seed": 3, "top_p": 0.8}, {"temp": 0, "presence": 0.4, "frequency": 0.4}, {"top_k": 3, "temp": 0.7},
        {"temp": 0, "stop": ["\n\n", "good lord", ", "]}, {"temp": 0, "n": 1}, {"logprobs": 2, "temp": 0.5}, {"bias": {"41": 3}}]
for i in range(24):
    print(json.dumps({"id": i, "prompt": texts[i % 5], "n": 20 + i, "seed": i, "state_out": f"{i}.state"} | ways[i % 8]))
END
python3 requests.py > requests

answers() { rwkv-generate --jsonl -q "$@" < requests; }
answers -t 1 -b 1 > plain
sha256sum ./*.state > states
for draft in lookup self q4.safetensors "$DEMO/rwkv4-shakespeare.pth"; do
  for threads in 1 2; do
    for batch in 1 5; do
      rm ./*.state
      answers -t $threads -b $batch --draft "$draft" --draft-tokens $((2 + 3 * threads)) | cmp - plain
      sha256sum -c --quiet states
    done
  done
done
for target in $(rwkv-inspect --cpu | sed -n 's/^available *//p'); do
  RWKV_TARGET=$target answers -t 2 -b 4 > plain.target
  RWKV_TARGET=$target answers -t 2 -b 4 --draft self | cmp - plain.target
done

# One text, which is written as it comes: in one piece, and cut in two by its state.
options='-n 60 --temp 0.6 --top-p 0.7 --presence 0.3 --seed 5'
rwkv-generate -f prompt $options --state-out plain.state > plain
rwkv-generate -f prompt -n 25 --temp 0.6 --top-p 0.7 --presence 0.3 --seed 5 > first
rwkv-generate -l --fork 3 -f prompt $options > forks
for draft in lookup self "$DEMO/rwkv4-shakespeare.pth"; do
  rwkv-generate -f prompt $options --draft "$draft" --state-out whole.state | cmp - plain
  cmp whole.state plain.state
  rwkv-generate -f prompt -n 25 ${options#-n 60} --draft "$draft" --state-out part.state | cmp - first
  { cat first; rwkv-generate -p '' -n 35 ${options#-n 60} --draft "$draft" --state-in part.state --state-out whole.state; } | cmp - plain
  cmp whole.state plain.state
  rwkv-generate -l --fork 3 -f prompt $options --cache kept --draft "$draft" | cmp - forks
done

# What a draft was good for. A text that goes in circles is looked up.
rwkv-generate -f prompt -n 100 --greedy --draft self --stats 2>&1 >/dev/null | sed -E 's/[0-9]+/N/g'
rwkv-generate -f prompt -n 0 --draft lookup --stats 2>&1 | grep draft
rwkv-generate -l -f prompt -n 9 --greedy --draft lookup --stats 2>&1 >/dev/null | grep -c '^draft: '

make_pth tiny.pth
expect 1 rwkv-generate -p x --draft tiny.pth
expect 1 rwkv-generate -p x --draft no-such-file
expect 1 rwkv-generate -p x -m q4.safetensors --draft self
expect 2 rwkv-generate -p x --draft-tokens 3
expect 2 rwkv-generate -p x --draft lookup --draft-tokens 96
