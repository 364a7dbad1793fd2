# --diff follows cmp: 0 the same, 1 differ, 2 trouble.
make_pth a.pth
make_pth no-key.pth --drop blocks.1.att.key.weight
rwkv-convert -q a.pth same.safetensors
rwkv-convert -q a.pth near.safetensors --dtype bf16
expect 0 rwkv-inspect --diff a.pth same.safetensors
expect 1 rwkv-inspect --diff a.pth near.safetensors | sed -n 1,3p
expect 1 rwkv-inspect --diff a.pth no-key.pth
