# Where the output cannot be written, the user learns it, and what stood there before stays.
make_pth in.pth
echo precious > out.safetensors
expect 1 rwkv-convert in.pth /dev/full
expect 1 rwkv-convert in.pth - > /dev/full
expect 1 rwkv-convert in.pth nosuch/out.safetensors
expect 1 rwkv-convert in.pth .
head -c 3000 in.pth > half.pth
expect 1 rwkv-convert half.pth out.safetensors
cat out.safetensors
ls

# A reader that leaves ends the tool quietly.
rwkv-convert -q "$DEMO/rwkv4-shakespeare.pth" - | head -c 8 | wc -c
echo "${PIPESTATUS[0]}"
