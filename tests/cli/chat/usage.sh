# What is wrong with a line, an option or a state ends a run in a pipe by one line.
export RWKV_MODEL=$DEMO/rwkv7-shakespeare.pth RWKV_VOCAB=$DEMO/vocab.txt
chat() { rwkv-chat -n 3 --seed 1 "$@"; }
for line in /udno '/x y' '/undo 2' /undo /retry /save '/think hard' '/load nosuch' '/save nosuch/state'; do
  printf '%s\nWho?\n' "$line" | chat || echo $?
done
echo '== what was said before is kept; a slash is no command behind a space'
printf 'Who?\n/udno\n' | chat --state kept.state || echo $?
printf ' /udno\n' | chat
rwkv-inspect kept.state | grep -w tokens
echo '== states'
expect 1 chat --state nosuch/state <<< 'Who?'
cp "$DEMO/vocab.txt" text.state
expect 1 chat --state text.state <<< 'Who?'
head -c 5000 kept.state > cut.state
expect 1 chat --state cut.state <<< 'Who?'
expect 1 rwkv-chat -m "$DEMO/rwkv4-shakespeare.pth" -v "$DEMO/tokenizer.json" --state kept.state <<< 'Who?'
echo '== options'
expect 2 rwkv-chat --think hard < /dev/null
expect 2 rwkv-chat --template wrld < /dev/null
expect 2 rwkv-chat --logprobs 3 < /dev/null
expect 2 env -u RWKV_VOCAB rwkv-chat < /dev/null
expect 1 chat <<< 'Who?' > /dev/full
ls
