# Ids leave as soon as no longer match is possible; threads change nothing; a long word takes no long time.
awk '{ all = all $0 "\n" } END { for (i = 0; i < 3000; ++i) printf "%s", substr(all, 1, i % 900) }' "$DEMO/README.md" > large
for vocab in $DEMO/vocab.txt $DEMO/tokenizer.json; do
  export RWKV_VOCAB=$vocab
  (printf 'To be, or not'; sleep 1; echo late >> order) | rwkv-tokenize | (head -c 1 > first; echo first >> order; cat > rest)
  cat order
  rm order
  rwkv-tokenize -t 1 large > one
  rwkv-tokenize -t 3 large | cmp - one
  rwkv-tokenize -t 3 < large | cmp - one
  cat large | rwkv-tokenize -t 3 | cmp - one
  head -n 40 large | while IFS= read -r line; do printf '%s' "$line" | rwkv-tokenize; done > each
  rwkv-tokenize -l -t 3 large > records
  head -n 40 records | cmp - each
  cat large | rwkv-tokenize -l -t 1 | cmp - records
  tr '\n' '\0' < large | rwkv-tokenize -0 -t 2 | cmp - records
  rwkv-tokenize -d one | cmp - large
  head -c 1000000 /dev/zero | tr '\0' x > word
  timeout 20 rwkv-tokenize word | rwkv-tokenize -d | cmp - word
done
expect 2 rwkv-tokenize -t 0 large
