# An adapter is merged, the receipt tells of it, and what has no place is refused.
python3 - << 'END'
import json, struct
def write(path, tensors):
    header, data = {}, b""
    for name, shape in tensors.items():
        n = shape[0] * (shape[1] if len(shape) > 1 else 1)
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + 4 * n]}
        data += struct.pack(f"<{n}f", *[(i % 7 - 3) / 8 for i in range(n)])
    text = json.dumps(header).encode()
    open(path, "wb").write(len(text).to_bytes(8, "little") + text + data)
key = "blocks.0.att.key"
write("lora", {key + ".lora_A": [2, 8], key + ".lora_B": [8, 2], "blocks.0.ln1.bias": [8]})
write("bone", {key + ".bone": [3, 8]})
write("stray", {"blocks.9.att.key.bone": [3, 8]})
END
make_pth base.pth
rwkv-convert -q base.pth a.safetensors --merge lora --alpha 4 --merge bone --report a.json
rwkv-convert -q base.pth b.safetensors --merge lora --alpha 4
expect 2 rwkv-convert -q b.safetensors b.safetensors --merge bone
rwkv-convert -q b.safetensors c.safetensors --merge bone
rwkv-inspect --diff a.safetensors c.safetensors
jq -c '.merged' a.json
jq -c '.tensors[] | select(.transforms != []) | [.name, .transforms, .max_error]' a.json
jq -c '.totals' a.json
python3 - << 'END'
import hashlib, json
data = open("a.safetensors", "rb").read()
start = 8 + int.from_bytes(data[:8], "little")
header = json.loads(data[8:start])
for tensor in json.load(open("a.json"))["tensors"]:
    begin, end = header[tensor["name"]]["data_offsets"]
    assert hashlib.sha256(data[start + begin:start + end]).hexdigest() == tensor["sha256"], tensor
END
expect 1 rwkv-convert base.pth d.safetensors --merge stray
expect 2 rwkv-convert base.pth d.safetensors --merge lora
expect 2 rwkv-convert base.pth d.safetensors --merge bone --alpha 4
expect 2 rwkv-convert base.pth d.safetensors --merge bone --alpha four
expect 2 rwkv-convert base.pth d.safetensors --merge bone --state-order key
rwkv-inspect lora | sed -n 1,2p
ls

# --drop leaves tensors out; a plan needs no output.
expect 2 rwkv-convert base.pth d.safetensors --drop nothing
rwkv-convert base.pth --dry-run --drop 'blocks.1' --drop ^head --report plan.json | tail -n 3
jq -c '[.dropped[0], (.dropped | length), .totals.tensors, has("output")]' plan.json
expect 2 rwkv-convert base.pth - --report r.json
