# What the user may not say, and what --version says.
rwkv-tokenize --version | sed "s/(.*)/(what made it)/"
rwkv-tokenize --help | sed -n 1p
expect 2 rwkv-tokenize
expect 2 rwkv-tokenize -v
echo hi | rwkv-tokenize -v "$DEMO/vocab.txt"
echo hi | RWKV_VOCAB=$DEMO/vocab.txt rwkv-tokenize
echo hi | RWKV_VOCAB=$DEMO rwkv-tokenize -v vocab.txt
echo hi | RWKV_VOCAB=$DEMO expect 1 rwkv-tokenize -v nosuch.txt
echo hi | RWKV_VOCAB=$DEMO expect 2 rwkv-tokenize
expect 2 rwkv-tokenize -v "$DEMO/vocab.txt" --dec
expect 2 rwkv-tokenize -v "$DEMO/vocab.txt" --ids words
expect 2 rwkv-tokenize -v "$DEMO/vocab.txt" -l -0
expect 2 rwkv-tokenize -v "$DEMO/vocab.txt" --nonsense
