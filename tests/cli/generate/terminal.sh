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

# What was drawn on stderr: how often, and the first words of it.
progress() { tr '\r' '\n' | sed 's/\x1b\[K//g' | grep -o '^[a-z]*:' | sort | uniq -c | awk '{ print ($1 <= 10 * limit + 1) ? "seen:" : "too often:", $2 }' limit="$1"; }
time_limit() { echo $(($(date +%s) - begin + 1)); }
seq -s ' ' 1 1000 > some
for i in {1..30}; do cat some; done > ids
begin=$(date +%s)
on_terminal stderr rwkv-generate -n 0 < ids > drawn
progress "$(time_limit)" < drawn
on_terminal stderr rwkv-generate -q -n 0 < some
rwkv-generate -n 0 < ids
begin=$(date +%s)
on_terminal stderr sh -c 'rwkv-generate -n 3000 --ignore-eos < some > /dev/null' > drawn
progress "$(time_limit)" < drawn
begin=$(date +%s)
on_terminal stderr sh -c 'rwkv-generate -n 500 --ignore-eos --fork 20 < some > /dev/null' > drawn
progress "$(time_limit)" < drawn
