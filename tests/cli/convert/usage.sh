# What the user may not say, and what --version says.
rwkv-convert --version | sed "s/(.*)/(what made it)/"
rwkv-convert --help | sed -n 1p
make_pth in.pth
expect 2 rwkv-convert
expect 2 rwkv-convert in.pth
expect 2 rwkv-convert in.pth out.safetensors third
expect 2 rwkv-convert in.pth out.safetensors --dt f16
expect 2 rwkv-convert in.pth out.safetensors --dtype f17
expect 2 rwkv-convert in.pth out.safetensors --keep emb
expect 2 rwkv-convert in.pth out.safetensors --keep '(=f32'
expect 2 rwkv-convert in.pth out.safetensors --meta nothing
ls
expect 2 rwkv-convert in.pth out.safetensors --dtype q8 --layout rows
expect 2 rwkv-convert in.pth out.safetensors --keep head=q4 --layout rows
expect 2 rwkv-convert in.pth out.safetensors --layout in_out
