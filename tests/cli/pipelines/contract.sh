# The pipelines that users are promised.
cp "$DEMO/rwkv4-shakespeare.pth" model.pth
vocab=$DEMO/tokenizer.json
rwkv-convert -q model.pth model.safetensors && rwkv-inspect --json model.safetensors | python3 -c 'import json, sys; print(json.load(sys.stdin)["version"])'
printf 'ROMEO:\n' > in.txt
rwkv-tokenize -v "$vocab" < in.txt | rwkv-generate -m model.safetensors -n 20 --greedy | rwkv-tokenize -v "$vocab" --decode
echo
head -c 2000 "$DEMO/README.md" > book.txt
rwkv-tokenize -v "$vocab" book.txt | rwkv-generate -m model.safetensors -n 0 --state-out book.state
printf 'JULIET:\n' > question.txt
rwkv-generate -m model.safetensors --state-in book.state -v "$vocab" -f question.txt -n 20 --seed 1 > answer
cat book.txt question.txt | rwkv-generate -m model.safetensors -v "$vocab" --text -n 20 --seed 1 | cmp - answer
rwkv-tokenize -v "$DEMO/vocab.txt" < model.pth | rwkv-tokenize -v "$DEMO/vocab.txt" -d | cmp - model.pth
