# Values as a table and as a picture; special ones are counted.
python3 - << 'END'
import json, struct
values = {"ramp": [i / 240 for i in range(240)], "peak": [0.0] * 99 + [1.0], "odd": [float("nan"), float("inf"), 1e-40, 0.0, 2.0], "none": [0.0] * 8}
header, data = {}, b""
for name, numbers in values.items():
    begin = len(data)
    data += struct.pack(f"<{len(numbers)}f", *numbers)
    header[name] = {"dtype": "F32", "shape": [len(numbers)], "data_offsets": [begin, len(data)]}
text = json.dumps(header).encode()
open("values.safetensors", "wb").write(len(text).to_bytes(8, "little") + text + data)
END
rwkv-inspect --stats --plot values.svg values.safetensors | tail -n 5
rwkv-inspect --stats --json values.safetensors | jq -c '.tensors[] | [.name, .stats.histogram.from, .stats.histogram.to, .stats.nan, (.stats.histogram.counts | add)]'
python3 -c 'import xml.dom.minidom as x; print(len(x.parse("values.svg").getElementsByTagName("rect")))'
expect 2 rwkv-inspect --plot a.svg values.safetensors values.safetensors
expect 1 rwkv-inspect --plot nosuch/a.svg values.safetensors > /dev/null
ls
