# On a terminal: characters are whole, and long work tells how far it is.
export RWKV_MODEL=$DEMO/rwkv7-shakespeare.pth RWKV_VOCAB=$DEMO/vocab.txt
on_terminal() { python3 "$CLI/generate/terminal.py" "$@"; }
# Ids 196, 170 and 256 are the bytes C3, A9 and FF.
half='-n 1 --greedy --bias 196:1000'
echo 5 | rwkv-generate --decode $half | od -An -tx1
echo 5 | on_terminal stdout rwkv-generate --decode $half | od -An -tx1
printf 'a\303' | on_terminal stdout rwkv-generate --text -n 1 --greedy --bias 170:1000 --echo | od -An -tx1
printf 'a\377' | on_terminal stdout rwkv-generate --text -n 0 --echo | od -An -tx1
printf 'a\377' | rwkv-generate --text -n 0 --echo | od -An -tx1

# What is drawn on stderr: how often a second, and the words of it; the line is cleared at the end.
drawn() {
  local begin=$SECONDS
  on_terminal stderr "$@" > drawn
  tr '\r' '\n' < drawn | sed 's/\x1b\[K//g; s/[0-9.]\+/N/g; s/  */ /g' | sort | uniq -c |
    while read -r count words; do
      ((count <= 10 * (SECONDS - begin + 1) + 1)) || echo -n 'too often: '
      [ -z "$words" ] || echo "$words"
    done
  tail -c 4 drawn | od -An -c
}
export RWKV_THREADS=1
for i in {1..8}; do seq -s " " 1 1000; done > ids
drawn rwkv-generate -n 0 < ids
cat ids | drawn rwkv-generate -n 0
drawn sh -c 'echo 5 | rwkv-generate -n 5000 --ignore-eos > ids.out'
drawn sh -c 'echo 5 | rwkv-generate -n 300 --ignore-eos --fork 20 > ids.out'
for i in {1..20}; do echo '{"ids": [5], "n": 300, "ignore_eos": true}'; done > requests
drawn sh -c 'rwkv-generate --jsonl < requests > answers'
on_terminal stderr rwkv-generate -q -n 0 < ids
rwkv-generate -n 0 < ids
