# With a model, a vocabulary that does not fit it is refused.
make_pth small.pth --vocab 16
echo hello | rwkv-tokenize -v "$DEMO/vocab.txt" -m "$DEMO/rwkv7-shakespeare.pth"
echo hello | expect 1 rwkv-tokenize -v "$DEMO/vocab.txt" -m small.pth
echo hello | expect 1 rwkv-tokenize -v "$DEMO/vocab.txt" -m "$DEMO/vocab.txt"
