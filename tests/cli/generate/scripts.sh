# What scripts rely on: standard input is left alone, escapes are asked for, files of Windows programs are read.
export RWKV_MODEL=$DEMO/rwkv4-shakespeare.pth RWKV_VOCAB=$DEMO/tokenizer.json
echo '-p is the whole prompt: a loop keeps its input, a daemon its open or closed pipe.'
printf 'ROMEO:\nJULIET:\n' | while read -r name; do
  echo "[$name]"
  rwkv-generate -p "$name" -n 4 --greedy --ids text
done
mkfifo open
exec 3<> open
rwkv-generate -p ROMEO: -n 2 --greedy --ids text < open
exec 3>&-
rwkv-generate -p ROMEO: -n 2 --greedy --ids text <&-
printf 'MEO:' | rwkv-generate -p RO -f - -n 2 --greedy --ids text

echo 'Escapes are read when -e asks for it; what looks like one is told of.'
rwkv-generate -p 'ROMEO:\n' -n 2 --greedy --ids text
rwkv-generate -q -p 'ROMEO:\n' -n 2 --greedy --ids text
rwkv-generate -p ROMEO: -n 2 --greedy --ids text --stop '\n\n'
rwkv-generate -e -p 'ROMEO:\n' -n 2 --greedy --ids text
rwkv-generate -p $'ROMEO:\n' -n 2 --greedy --ids text
rwkv-generate -e -p 'ROMEO\x3a\x0A' -n 9 --greedy --stop '\x27ll'
expect 2 rwkv-generate -e -p 'a\q'
expect 2 rwkv-generate -e -p 'a\'

echo 'A byte order mark is no id and no JSON; CRLF ends a line.'
printf '\xef\xbb\xbf835 26 199\r\n' | rwkv-generate -n 2 --greedy
printf '\xef\xbb\xbf[835,26,199]' | rwkv-generate --ids json -n 2 --greedy
printf '\xef\xbb\xbf{"ids":[835,26,199],"n":2,"temp":0}\r\n' | rwkv-generate --jsonl
printf 'ROMEO:\r\nJULIET:\n' | rwkv-generate --text --lines -n 3 --greedy --ids text > windows
printf 'ROMEO:\nJULIET:\n' | rwkv-generate --text --lines -n 3 --greedy --ids text | cmp - windows

echo 'Where ids are wanted, a text is told how it is given.'
echo 'ROMEO: hi' | expect 1 rwkv-generate
echo '[1,2]' | expect 1 rwkv-score

echo 'A batch takes no more memory than there is.'
printf '%s\n' '{"ids":[5],"n":1,"temp":0}' > one
rwkv-generate --jsonl -b 9223372036854775807 < one

echo 'Where it stopped, and what was read.'
steady() { sed -E 's/[0-9]+\.[0-9]+/N/g'; }
echo 5 | rwkv-generate -n 2 --greedy --stats --seed 1 2>&1 > /dev/null | steady
echo '835 26 199' | rwkv-generate -n 9 --greedy --stats --seed 1 --stop-id 41 2>&1 > /dev/null | steady
echo '835 26 199' | rwkv-generate -n 0 --stats --seed 1 2>&1 > /dev/null | steady
