# The same checkpoint by every way in and out; what is converted again stays the same.
make_pth in.pth
rwkv-convert in.pth out.safetensors
rwkv-convert -q in.pth - > stdout.safetensors
rwkv-convert -q - stdin.safetensors < in.pth
rwkv-convert -q out.safetensors again.safetensors
rwkv-convert -q in.pth /dev/stdout | cat > device.safetensors
cmp out.safetensors stdout.safetensors
cmp out.safetensors stdin.safetensors
cmp out.safetensors again.safetensors
cmp out.safetensors device.safetensors

# A link is followed, and a file may be replaced by its own conversion.
ln -s target.safetensors link.safetensors
rwkv-convert -q in.pth link.safetensors
test -L link.safetensors
cmp out.safetensors target.safetensors
cp in.pth self
expect 2 rwkv-convert -q self self
rwkv-convert -q self --in-place
cmp out.safetensors self
ls
