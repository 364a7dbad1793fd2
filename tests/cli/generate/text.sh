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
# -p in front of what is piped; ids in every form.
printf 'MEO:\n' | rwkv-generate -p RO -f - -n 30 --greedy
echo
rwkv-generate -p $'ROMEO:\n' --ids lines -n 3 --greedy
for format in u16 u32; do
  printf '835 26 199' | tr ' ' '\n' | python3 -c 'import array, sys; sys.stdout.buffer.write(array.array(sys.argv[1], map(int, sys.stdin)).tobytes())' \
    "$([ $format = u16 ] && echo H || echo I)" | rwkv-generate --ids $format -n 3 --greedy | od -An -tu$((${format:1} / 8))
done
