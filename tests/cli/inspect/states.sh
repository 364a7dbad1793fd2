# What a state has read, where it stands, and what the sampler remembers.
export RWKV_MODEL=$DEMO/rwkv4-shakespeare.pth
rwkv-generate -n 0 --state-out nothing.state < /dev/null
echo '835 26 199' | rwkv-generate -n 0 --state-out read.state
last=$(rwkv-generate -n 5 --greedy --ignore-eos --state-in read.state < /dev/null | xargs -n 1 | tail -n 1)
rwkv-generate -n 9 --greedy --ignore-eos --stop-id "$last" --presence 0.001 --state-in read.state --state-out stopped.state < /dev/null > ids
rwkv-inspect nothing.state read.state stopped.state | grep -vE 'parameters|dtypes'
for state in nothing read stopped; do rwkv-inspect --json $state.state; done | jq -c '.kind, .state'

# A tuned state as training leaves it.
python3 - << 'END'
import json
shape, layers = [2, 4, 4], 3
header, size = {}, 4 * 2 * 4 * 4
for layer in range(layers):
    header[f"blocks.{layer}.att.time_state"] = {"dtype": "F32", "shape": shape, "data_offsets": [layer * size, (layer + 1) * size]}
text = json.dumps(header).encode()
open("tuned.safetensors", "wb").write(len(text).to_bytes(8, "little") + text + bytes(layers * size))
END
rwkv-inspect tuned.safetensors
rwkv-inspect --json tuned.safetensors | jq -c '[.kind, .layers, .heads, .head_size]'
