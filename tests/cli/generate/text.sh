# Text in, text out: the same as through rwkv-tokenize.
export RWKV_MODEL=$DEMO/rwkv4-shakespeare.pth RWKV_VOCAB=$DEMO/tokenizer.json
rwkv-generate -p $'ROMEO:\n' -n 30 --greedy
echo
printf 'ROMEO:\n' > prompt
rwkv-generate -f prompt -n 30 --greedy
echo
rwkv-generate --text -n 30 --greedy < prompt
echo
rwkv-tokenize < prompt | rwkv-generate -n 30 --greedy | rwkv-tokenize -d
echo
rwkv-tokenize < prompt | rwkv-generate -n 30 --greedy --decode
echo
rwkv-generate -p $'ROMEO:\n' -n 100 --greedy --stop ', I'
echo
