# --dtype, --keep and --meta; --check measures what rounding did.
make_pth in.pth
rwkv-convert -q in.pth f16.safetensors --dtype f16
rwkv-convert -q in.pth f32.safetensors --dtype f32
rwkv-convert -q in.pth mixed.safetensors --dtype bf16 --keep '^emb=f32' --keep 'ln.*bias$=f16' --meta who=me
rwkv-convert in.pth unwritten.safetensors --dtype bf16 --keep '^emb=f32' --keep 'ln.*bias$=f16' --dry-run | sed -n 1,6p
head -c 300 mixed.safetensors | grep -ao '"who":"me"'
rwkv-convert -q in.pth checked.safetensors --check | awk '$2 + $3 != 0'
rwkv-convert -q in.pth checked.safetensors --dtype bf16 --check | awk '$2 > 1 / 256.0 || $3 > $2'
stat -c '%n %s' f16.safetensors f32.safetensors
ls
