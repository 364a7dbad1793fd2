# One seed gives one text, from rwkv-generate, rwkv-serve and rwkv-chat: in a first turn, in a second one, behind a thought.
needs curl jq python3
export RWKV_MODEL=$DEMO/rwkv7-shakespeare.pth RWKV_VOCAB=$DEMO/vocab.txt
options='--seed 7 --temp 1.1 --top-p 0.9 --presence 0.3 --frequency 0.2 -n 40'
keys='"seed": 7, "temperature": 1.1, "top_p": 0.9, "presence_penalty": 0.3, "frequency_penalty": 0.2, "max_tokens": 40'
serve
# history STATE prints the ids that a conversation's state file has.
history() {
  python3 - "$1" <<'END'
import json, struct, sys
data = open(sys.argv[1], "rb").read()
n, = struct.unpack("<Q", data[:8])
begin, end = json.loads(data[8:8 + n])["history"]["data_offsets"]
print(*struct.unpack(f"<{(end - begin) // 4}i", data[8 + n:][begin:end]))
END
}
# same TEXT: what standard input has is, but for white space around it, the file TEXT.
same() { python3 -c 'import sys; a, b = sys.stdin.read().strip(), open(sys.argv[1]).read().strip(); print("same" if a == b else (a, b))' "$1"; }
content() { post /v1/chat/completions "{\"messages\": $1, $keys${2:+, $2}}" | jq -r '.choices[0].message.content'; }

echo '== the first turn'
echo 'Who is it?' | rwkv-chat $options --state one.state > first
cat first
echo '[{"role": "user", "content": "Who is it?"}]' > chat.json
rwkv-tokenize -v "$RWKV_VOCAB" --template world chat.json | rwkv-generate -v "$RWKV_VOCAB" --decode $options --stop $'\n\nUser:' > generated
same first < generated
content "$(cat chat.json)" > served
same first < served
echo '== the second turn, behind the ids of the first'
cp one.state two.state
echo 'Why?' | rwkv-chat $options --state two.state > second
cat second
{ history one.state; printf '\n\nUser: Why?\n\nAssistant:' | rwkv-tokenize; } > ids
rwkv-generate -v "$RWKV_VOCAB" --decode $options --stop $'\n\nUser:' < ids > generated
same second < generated
post /v1/completions "{\"prompt\": [$(xargs < ids | tr ' ' ,)], \"stop\": \"\\n\\nUser:\", $keys}" | jq -r '.choices[0].text' > served
same second < served
echo '== a turn with a system text, and the one behind its thought'
printf 'Who is it?\nWhy?\n' | rwkv-chat $options --system 'Be brief.' --think no > both
echo '[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Who is it?"}]' > chat.json
content "$(cat chat.json)" '"think": "no"' > first
jq -c --rawfile answer first '. + [{"role": "assistant", "content": $answer}, {"role": "user", "content": "Why?"}]' chat.json > next.json
content "$(cat next.json)" '"think": "no"' > second
cat first second | same both
echo '== with a draft'
printf 'Who is it?\nWhy?\n' | rwkv-chat $options --system 'Be brief.' --think no --draft self | same both
terminate $SERVER
