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

# A model remembers its vocabulary.
rwkv-convert -q plain.safetensors known.safetensors -v "$DEMO/vocab.txt"
sed 's/ROMEO/JULIO/' vocab.txt > other.txt
rwkv-generate -m known.safetensors -v vocab.txt -p 'ROMEO:' -n 1 --seed 1 | wc -l
rwkv-generate -m known.safetensors -v other.txt -p 'ROMEO:' -n 1 --seed 1 | wc -l

# What cannot be.
expect 1 rwkv-convert "$DEMO/rwkv4-shakespeare.pth" v4.gguf
expect 1 rwkv-convert plain.safetensors x.gguf -v "$DEMO/tokenizer.json"
expect 1 rwkv-convert plain.safetensors x.gguf --dtype q4
expect 2 rwkv-convert plain.safetensors x.gguf --check
expect 1 rwkv-convert q8.gguf --extract-vocab x
expect 1 rwkv-convert plain.safetensors --extract-vocab x
expect 1 rwkv-tokenize -v q8.gguf /dev/null
ls
