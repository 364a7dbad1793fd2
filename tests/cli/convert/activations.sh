# --activations bf16: bf16 matrices whose products round x, too; the bytes are those of bf16 tiles.
rwkv-convert -q "$DEMO/rwkv7-shakespeare.pth" plain.safetensors --dtype bf16
rwkv-convert -q plain.safetensors rounded.safetensors --dtype bf16 --activations bf16 --check | awk '$2 > 0'
rwkv-inspect --tensors rounded.safetensors | grep -E '^(emb|head|blocks.0.(att.(key|w1|x_r)|ffn))'
rwkv-convert -q rounded.safetensors again.safetensors
cmp rounded.safetensors again.safetensors
rwkv-convert -q rounded.safetensors back.safetensors --dtype bf16 --layout rows
cmp plain.safetensors back.safetensors
expect 2 rwkv-convert -q plain.safetensors out.safetensors --activations bf16
expect 2 rwkv-convert -q plain.safetensors out.safetensors --dtype q8 --activations bf16
expect 2 rwkv-convert -q plain.safetensors out.safetensors --dtype bf16 --activations bf16 --layout rows
