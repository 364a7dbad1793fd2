# What the user may not say, and what --version says.
rwkv-inspect --version | sed "s/(.*)/(what made it)/"
rwkv-inspect --help | sed -n 1p
expect 1 rwkv-inspect < /dev/null
expect 2 rwkv-inspect --js "$DEMO/vocab.txt"
expect 2 rwkv-inspect --nonsense
expect 2 rwkv-inspect --diff "$DEMO/rwkv4-shakespeare.pth"
expect 2 rwkv-inspect --diff "$DEMO/rwkv4-shakespeare.pth" nosuch.pth
RWKV_TARGET=PDP11 expect 2 rwkv-inspect --cpu
