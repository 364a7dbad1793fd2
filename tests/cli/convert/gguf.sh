# A checkpoint as GGUF, and back: not a weight changes, only those of block 0 are missing that nothing reads. The vocabulary comes back, too.
rwkv-convert -q "$DEMO/rwkv7-shakespeare.pth" plain.safetensors
rwkv-convert -q plain.safetensors model.gguf -v "$DEMO/vocab.txt"
rwkv-convert -q plain.safetensors again --to gguf -v model.gguf
cmp model.gguf again
rwkv-convert -q plain.safetensors before.safetensors --dtype f32
rwkv-convert -q model.gguf after.safetensors --dtype f32
expect 1 rwkv-inspect --diff before.safetensors after.safetensors
rwkv-convert model.gguf --extract-vocab vocab.txt
diff <(rwkv-tokenize -v vocab.txt "$DEMO/README.md") <(rwkv-tokenize -v "$DEMO/vocab.txt" "$DEMO/README.md") && echo same ids
rwkv-generate -m model.gguf -v model.gguf -p 'ROMEO:' -n 20 --seed 1 > gguf.txt
rwkv-generate -m plain.safetensors -v "$DEMO/vocab.txt" -p 'ROMEO:' -n 20 --seed 1 | cmp - gguf.txt
rwkv-convert -q plain.safetensors q8.gguf --dtype q8
rwkv-convert q8.gguf --dry-run | awk '$2 != "" && /Q8_0/ { ++n } END { print n, "tensors of Q8_0" }'

# Reading back: the plan is that of what GGUF holds.
rwkv-convert -q plain.safetensors q8.gguf --dtype q8 --check --report report.json | awk -F '\t' '$2 > 0 { ++n } END { print NR, "tensors,", n, "rounded" }'
jq -c '.dropped, .totals.tensors, .totals.bits, (.tensors[] | select(.name | test("^(head.weight|blocks.1.att.(r_k|x_k|a1|ln_x.bias))$")) | [.name, .dtype, .layout, .bytes, .max_error < 0.01])' report.json
rwkv-convert plain.safetensors x.gguf --dtype q8 --dry-run | grep -E 'head.weight|att.w0|^dropped|bits'
rwkv-convert -q q8.gguf again.gguf --dtype q8 --check | awk -F '\t' '$2 > 0'
rwkv-convert -q plain.safetensors q8.safetensors --dtype q8
rwkv-convert -q q8.safetensors again.gguf --check | wc -l

# What --drop leaves is judged, and so is what a plan reads.
expect 1 rwkv-convert -q plain.safetensors no_head.gguf --drop head
rwkv-convert -q plain.safetensors no_head.safetensors --drop head
expect 1 rwkv-convert -q no_head.safetensors x.gguf --dry-run
rwkv-convert no_head.safetensors --dry-run | tail -n 1
expect 1 rwkv-convert -q no_head.safetensors x.safetensors

# A model remembers its vocabulary.
rwkv-convert -q plain.safetensors known.safetensors -v "$DEMO/vocab.txt"
sed 's/ROMEO/JULIO/' vocab.txt > other.txt
rwkv-generate -m known.safetensors -v vocab.txt -p 'ROMEO:' -n 1 --seed 1 | wc -l
rwkv-generate -m known.safetensors -v other.txt -p 'ROMEO:' -n 1 --seed 1 | wc -l

# What cannot be.
expect 1 rwkv-convert "$DEMO/rwkv4-shakespeare.pth" v4.gguf
expect 1 rwkv-convert plain.safetensors x.gguf -v "$DEMO/tokenizer.json"
expect 1 rwkv-convert plain.safetensors x.gguf --dtype q4
expect 1 rwkv-convert q8.gguf --extract-vocab x
expect 1 rwkv-convert plain.safetensors --extract-vocab x
expect 1 rwkv-tokenize -v q8.gguf /dev/null
ls
