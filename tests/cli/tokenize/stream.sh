# Ids leave as soon as no longer match is possible; threads change nothing; a long word takes no long time.
for vocab in $DEMO/vocab.txt $DEMO/tokenizer.json; do
  export RWKV_VOCAB=$vocab
  (printf 'To be, or not'; sleep 1; echo late >> order) | rwkv-tokenize | (head -c 1 > first; echo first >> order; cat > rest)
  cat order
  rm order
  for i in $(seq 3000); do cat "$DEMO/README.md" | head -c $((i % 900)); done > large
  rwkv-tokenize -t 1 large > one
  rwkv-tokenize -t 3 large | cmp - one
  rwkv-tokenize -t 3 < large | cmp - one
  cat large | rwkv-tokenize -t 3 | cmp - one
  rwkv-tokenize -d one | cmp - large
  head -c 1000000 /dev/zero | tr '\0' x > word
  timeout 20 rwkv-tokenize word | rwkv-tokenize -d | cmp - word
done
expect 2 rwkv-tokenize -t 0 large
