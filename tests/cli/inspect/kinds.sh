# Every kind of file, in words and as JSON.
cp "$DEMO"/*.pth "$DEMO"/vocab.txt "$DEMO"/tokenizer.json .
rwkv-generate -m rwkv4-shakespeare.pth -n 0 --state-out a.state <<< 5
rwkv-inspect rwkv4-shakespeare.pth rwkv7-shakespeare.pth vocab.txt tokenizer.json a.state
rwkv-inspect --json rwkv4-shakespeare.pth a.state vocab.txt |
  python3 -c 'import json, sys
for line in sys.stdin: print(*json.loads(line))'
rwkv-inspect --mem rwkv7-shakespeare.pth | tail -n 5 | awk '{ print $1, $2, $3, $4, $5, ($6 > 0) }'
rwkv-inspect --mem --json rwkv7-shakespeare.pth | jq -e '.read_gb_per_s > 0 and all(.memory[]; .tokens_per_s > 0)'
rwkv-inspect --tensors --sort size rwkv7-shakespeare.pth | tail -n +13 | head -n 5
make_pth tiny.pth
rwkv-inspect --tensors tiny.pth | grep '^emb'
rwkv-inspect --stats tiny.pth | grep '^blocks.0.ln'
rwkv-inspect --cpu | sed -nE 's/^(SIMD target|available|threads).*/\1/p'
