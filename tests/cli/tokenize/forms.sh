# Every form of ids, both ways; records; pieces and counts.
export RWKV_VOCAB=$DEMO/tokenizer.json
printf 'To be,\nor not\n' > text
rwkv-tokenize text
rwkv-tokenize --chomp text
rwkv-tokenize -l text
printf 'To be,\0or not\0' | rwkv-tokenize -0
for form in text lines json u16 u32; do
  rwkv-tokenize --ids $form text > ids
  rwkv-tokenize --ids $form -d ids | cmp - text
done
rwkv-tokenize --ids lines text | sed -n 1,2p
rwkv-tokenize --ids json text
rwkv-tokenize -l text | rwkv-tokenize -d -l
rwkv-tokenize -l text | rwkv-tokenize -d -0 | tr '\0' '#'
echo
rwkv-tokenize --pieces text
rwkv-tokenize --count text
rwkv-tokenize --count text text
rwkv-tokenize --count < text
rwkv-tokenize --count - < text
printf 'a\n\0b\n\n\0c\n' | rwkv-tokenize -0 --chomp
printf 'a\n\0b\n\n\0c\n' | rwkv-tokenize -0
rwkv-tokenize - < text
rwkv-tokenize < /dev/null | od -c
