# --lines, --null and --fork: each record is what a run of its own gives, whatever is decoded together.
export RWKV_MODEL=$DEMO/rwkv4-shakespeare.pth
vocab=$DEMO/tokenizer.json
options='-n 10 --temp 0.9 --ignore-eos --seed 4'
printf '%s\n' '835 26 199' '' '5' "$(seq -s ' ' 1 300)" '41 452' > prompts
while read -r prompt; do
  echo "$prompt" | rwkv-generate $options
done < prompts > alone
for batch in 1 2 16; do
  rwkv-generate --lines -b $batch $options < prompts | cmp - alone
done
sed 's/\([0-9]\) /\1,/g; s/.*/[&]/' prompts | rwkv-generate -l --ids json $options | tr ', ' '  ' | tr -d '[]' | cmp - alone
rwkv-generate -l --echo -n 2 --greedy < <(printf '835 26 199\n5')
rwkv-generate -n 3 --greedy -l --ids lines < <(printf '835\n26\n199\n\n5\n')
: | rwkv-generate -l

echo Text.
printf 'ROMEO:\nJULIET:\nKING HENRY:' > names
while read -r name || [ "$name" ]; do
  rwkv-generate -v "$vocab" -p "$name" -n 8 --greedy < /dev/null && echo
done < names > alone
cat alone
rwkv-generate -v "$vocab" --text -l -n 8 --greedy < names | cmp - alone
rwkv-generate -v "$vocab" -f names -l -n 8 --greedy | cmp - alone
sed 's/^[A-Z]//' names | rwkv-generate -v "$vocab" -p X -l -n 8 --greedy > one
sed 's/^[A-Z]/X/' names | rwkv-generate -v "$vocab" --text -l -n 8 --greedy | cmp - one
printf 'ROMEO:\n\0JULIET:\n' | rwkv-generate -v "$vocab" --text -0 -n 8 --greedy | tr '\0' '|'
echo
rwkv-generate -v "$vocab" -p 'ROMEO:' -l --ids text -n 8 --greedy < <(printf '\n199\n')

echo Forks of records, each that of its own seed.
rwkv-generate -l --fork 2 $options < prompts > forks
for seed in 4 5; do
  rwkv-generate -l ${options/seed 4/seed $seed} < prompts > forks.$seed
done
paste -d '\n' forks.4 forks.5 | cmp - forks
echo '835 26' | rwkv-generate -n 0 --state-out begun.state
echo 199 | rwkv-generate $options --state-in begun.state --fork 2 | cmp - <(head -n 2 forks)
printf '%s\n' 199 '' | rwkv-generate $options --state-in begun.state -l | head -n 1 | cmp - <(head -n 1 forks)

echo Continuations of what came before an error are written.
printf '%s\n' 5 '835 26 199' 1024 5 | expect 1 rwkv-generate -l -n 3 --greedy
expect 1 rwkv-generate -v "$vocab" -f nosuch -l
expect 2 rwkv-generate -l -0 < prompts
expect 2 rwkv-generate -l --ids u16 < prompts
expect 2 rwkv-generate -l --state-out some.state < prompts
expect 1 rwkv-generate -l -n 3 < prompts > /dev/full

# A record is continued while the next is yet to come.
(echo '835 26 199'; until [ -s first ]; do sleep 0.05; done; echo 5) | rwkv-generate -l -n 3 --greedy |
  while read -r line; do echo "$line"; echo > first; done

# Records that have come are begun together, though the input goes on; SIGTERM ends them as they stand.
mkfifo prompts.fifo
rwkv-generate -l -n -1 --ignore-eos < prompts.fifo > begun 2> told &
exec 3> prompts.fifo
printf '5\n6\n' >&3
sleep 1
terminate $!
exec 3>&-
cat told
wc -l < begun
