# --dtype q8, q6 and q4, --layout: what is packed and how far it is off; packed files are read, kept, unpacked.
rwkv-convert -q "$DEMO/rwkv7-shakespeare.pth" plain.safetensors
for dtype in q8 q6 q4; do
  rwkv-convert -q plain.safetensors $dtype.safetensors --dtype $dtype --check -t 2 > errors
  awk -v dtype=$dtype '$1 !~ /blocks/ && $3 > 0 { printf "%s %s %.3f %.5f\n", dtype, $1, $2, $3 }' errors
done
rwkv-convert "$DEMO/rwkv7-shakespeare.pth" --dry-run --dtype q4 --keep '^head=q8' --keep att.output=bf16 |
  grep -E '^(emb|head|ln_out|blocks.0.(att.(key|output|w1)|ffn))'
RWKV_THREADS=1 rwkv-convert -q plain.safetensors one-thread.safetensors --dtype q4
cmp q4.safetensors one-thread.safetensors
rwkv-convert -q q4.safetensors again.safetensors
cmp q4.safetensors again.safetensors

rwkv-convert -q plain.safetensors tiles.safetensors --layout tiles
rwkv-convert -q tiles.safetensors back.safetensors
cmp plain.safetensors back.safetensors
rwkv-convert -q q4.safetensors wide.safetensors --dtype f32 --check | awk '$2 > 0'
expect 1 rwkv-convert -q q4.safetensors rows.safetensors --layout rows
rwkv-inspect --tensors q4.safetensors | grep -E '^(emb|head|blocks.0-3.ffn)'
