# Encoding then decoding returns the input byte for byte; decoding streams.
for vocab in vocab.txt tokenizer.json; do
  rwkv-tokenize -v "$DEMO/$vocab" < "$DEMO/README.md" | rwkv-tokenize -v "$DEMO/$vocab" -d | cmp - "$DEMO/README.md"
done
rwkv-tokenize -v "$DEMO/vocab.txt" "$DEMO/rwkv4-shakespeare.pth" | rwkv-tokenize -v "$DEMO/vocab.txt" -d |
  cmp - "$DEMO/rwkv4-shakespeare.pth"

# The first letter is there before the input ends.
mkfifo ids text
rwkv-tokenize -v "$DEMO/vocab.txt" -d < ids > text &
exec 3> ids 4< text
echo 66 >&3
read -r -n 1 -t 20 letter <&4
echo "$letter"
exec 3>&-
wait
