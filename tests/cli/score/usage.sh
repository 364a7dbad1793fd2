# What the user may not say, and what --version says.
rwkv-score --version | sed "s/(.*)/(what made it)/"
rwkv-score --help | sed -n 1p
expect 2 rwkv-score < /dev/null
for wrong in --per --nonsense '-t 0' '--reset 0' '--bos 99999' '--ids words' operand \
  --text '-f x' '-b 2' '-b 0 --jsonl' '--jsonl --reset 2' '--jsonl --logits x' '--jsonl --against x' '--jsonl --ids u16' \
  '--jsonl --json --per-token' "--text --ids u16 -v $DEMO/tokenizer.json" "-v $DEMO/tokenizer.json --jsonl --text"; do
  echo '5 6' | expect 2 rwkv-score -m "$DEMO/rwkv4-shakespeare.pth" $wrong
done
