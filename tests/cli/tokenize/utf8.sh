# What is not UTF-8, both ways.
world=$DEMO/vocab.txt hf=$DEMO/tokenizer.json
printf 'a\303\251b\303' > half
printf 'one\n\303\251\377\n' > bad
rwkv-tokenize -v $world bad | rwkv-tokenize -v $world -d | cmp - bad
expect 1 rwkv-tokenize -v $hf bad
expect 1 rwkv-tokenize -v $hf -l bad | head -n 1
expect 1 rwkv-tokenize -v $hf half
rwkv-tokenize -v $world half > ids
for mode in hold replace; do
  rwkv-tokenize -v $world -d --utf8 $mode ids | od -An -tx1
done
expect 1 rwkv-tokenize -v $world -d --utf8 strict ids | od -An -tx1
rwkv-tokenize -v $world -d ids | od -An -tx1
# The text leaves while its end is still to come.
for mode in '' '--utf8 hold'; do
  rwkv-tokenize -v $world half > half.ids
  (sed 's/ [0-9]*$//' half.ids | tr -d '\n'; sleep 1; echo late >> order) | rwkv-tokenize -v $world -d $mode |
    (head -c 3 | od -An -tx1; echo first >> order; cat | od -An -tx1)
  cat order
  rm order
done
expect 2 rwkv-tokenize -v $world --utf8 hold half
expect 2 rwkv-tokenize -v $world -d --utf8 latin1 ids
