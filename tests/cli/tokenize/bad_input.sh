# Files that are no vocabulary, input that is no id stream, ids that the vocabulary lacks.
: > empty.txt
printf '1 oops 1\n' > broken.txt
printf '{"model": {"type": "Unigram"}}\n' > unigram.json
printf 'hello\n' > hello.txt
for vocab in nosuch.txt empty.txt . broken.txt unigram.json hello.txt "$DEMO/rwkv4-shakespeare.pth"; do
  expect 1 rwkv-tokenize -v $vocab < hello.txt
done

export RWKV_VOCAB=$DEMO/vocab.txt
expect 1 rwkv-tokenize nosuch.txt
expect 1 rwkv-tokenize hello.txt nosuch.txt
echo '12 x3' | expect 1 rwkv-tokenize -d
echo '12 -3' | expect 1 rwkv-tokenize -d
echo '12 99999999999' | expect 1 rwkv-tokenize -d
echo '12 1024' | expect 1 rwkv-tokenize -d
echo '[1, 2' | expect 1 rwkv-tokenize -d --ids json
printf 'B\0C' | expect 1 rwkv-tokenize -d --ids u16
