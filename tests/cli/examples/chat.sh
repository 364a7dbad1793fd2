# A chat over a state file: turns follow one another whether one process serves them or many.
chat=$DEMO/../examples/chat.sh
printf 'Who art thou?\nDost thou love me?\n' | "$chat" both.state --seed 5 > both
echo 'Who art thou?' | "$chat" parts.state --seed 5 > first
cp parts.state after_first.state
echo 'Dost thou love me?' | "$chat" parts.state --seed 5 > second
cat first second | cmp - both
cmp parts.state both.state
grep -q '[a-z]' first && grep -q '[a-z]' second

# The second answer knows the first turn, and can be asked for again.
echo 'Dost thou love me?' | "$chat" fresh.state --seed 5 > fresh
! cmp -s second fresh
echo 'Dost thou love me?' | "$chat" after_first.state --seed 5 | cmp - second

# What is said is taken as it is, and the form of a turn can be another.
echo '-n %s $(touch made) \ "' | CHAT_TURN='A: %s B:' "$chat" odd.state -n 0 > /dev/null
printf %s 'A: -n %s $(touch made) \ " B:' | rwkv-tokenize -v "$DEMO/vocab.txt" | wc -w
rwkv-inspect odd.state | grep -w tokens
ls

# With the form of a chat model: as rwkv-chat, but for white space; an empty line does not end an answer.
needs jq
words() { tr -s '[:space:]' '\n' | grep .; }
echo 'Who is it?' | "$chat" world.state --template world --seed 2 -n 100 > world
echo 'Who is it?' | rwkv-chat -m "$DEMO/rwkv7-shakespeare.pth" -v "$DEMO/vocab.txt" --seed 2 -n 100 | words | cmp - <(words < world)
head -n -1 world | grep -c '^$'
echo 'Why?' | "$chat" world.state --template g1-think -n 0
rwkv-inspect world.state | grep -w tokens

expect 2 "$chat"
expect 1 "$chat" nosuch/x.state <<< 'Hello' > /dev/null
