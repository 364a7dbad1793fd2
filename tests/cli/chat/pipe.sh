# A conversation in a pipe: turns, commands, states; no prompt, no escape codes.
needs python3
export RWKV_MODEL=$DEMO/rwkv7-shakespeare.pth RWKV_VOCAB=$DEMO/vocab.txt
chat() { rwkv-chat -n 12 --seed 1 "$@"; }
echo '== two turns, in one run or in two'
printf 'Who is it?\r\n\n  \nWhy?' | chat --state both.state | tee both
{ echo 'Who is it?' | chat --state parts.state; cp parts.state one.state; echo 'Why?' | chat --state parts.state; } | cmp - both
cmp parts.state both.state
rwkv-inspect both.state | grep -w tokens

# after LINES... prints whether the conversation then has the state of both.state.
after() { printf '%s\n' "$@" | chat --state now.state > answers; cmp now.state both.state && echo "same: $*"; rm now.state; }
echo '== back and on again'
after 'Who is it?' 'What?' /undo 'Why?'
after 'What?' /reset 'Who is it?' 'Why?' /reset /undo
after 'Who is it?' 'Why?' /reset 'What?' /undo /undo
after 'Who is it?' '/save a.state' 'What?' /reset '/load a.state' 'Why?'
after '/load one.state' 'Why?'
after 'Who is it?' /retry /undo 'Who is it?' 'Why?'
cmp a.state one.state
echo '== begun anew'
cp one.state kept.state
chat --state kept.state < /dev/null
cmp kept.state one.state
echo /reset | chat --state kept.state
rwkv-inspect kept.state | grep -w tokens
printf '%s\n' 'Who is it?' 'Why?' | chat --state kept.state | cmp - both
cmp kept.state both.state
echo '== another try has the next seed; without --seed each answer has its own'
printf 'Who is it?\n/retry\n/retry\n' | rwkv-chat -n 12 --temp 2 --top-p 1 --seed 1 > tries
for seed in 1 2 3; do echo 'Who is it?' | rwkv-chat -n 12 --temp 2 --top-p 1 --seed $seed; done | cmp - tries
printf 'Who is it?\n/retry\n/stats\n' | rwkv-chat -n 30 --temp 2 --top-p 1 2>&1 > any | sed -n 's/^seed: [0-9]*$/seed: N/p'
echo '== a system text is in front of the first turn, a thought is marked and not remembered'
printf '[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Who is it?"}]' > chat.json
rwkv-tokenize -v "$RWKV_VOCAB" --template world chat.json | wc -w
echo 'Who is it?' | chat -n 0 --system 'Be brief.' --state system.state
printf '/system Be brief.\nWho is it?' | chat -n 0 --state later.state
cmp system.state later.state
rwkv-inspect system.state | grep -w tokens
echo 'Who is it?' | chat --greedy --think short --bias 0:-inf --state thought.state
rwkv-inspect thought.state | grep -w tokens
printf 'User: Who is it?\n\nAssistant: \n\n' | rwkv-tokenize | wc -w
echo '== a tuned state is where a conversation begins, and no place to keep one'
python3 - <<'END'
import json, struct
shape, layers = [2, 64, 64], 4
header, count = {}, 2 * 64 * 64
for layer in range(layers):
    header[f"blocks.{layer}.att.time_state"] = {"dtype": "F32", "shape": shape, "data_offsets": [layer * count * 4, (layer + 1) * count * 4]}
text = json.dumps(header).encode()
values = struct.pack(f"<{layers * count}f", *(i % 7 * 0.3 for i in range(layers * count)))
open("tuned.safetensors", "wb").write(len(text).to_bytes(8, "little") + text + values)
END
printf '/load tuned.safetensors\nWho is it?\n/reset\nWho is it?\n' | chat | sort | uniq -c
expect 2 chat --state tuned.safetensors <<< 'Who is it?'
echo '== words'
printf '/help\n/stats\n' | chat
printf '/think no\nWho is it?\n/stats\n' | chat --greedy 2>&1 | sed 's/[0-9.]* s,.*/N/'
