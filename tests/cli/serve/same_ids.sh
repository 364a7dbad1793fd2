# An answer has the ids of rwkv-generate, whatever is served beside it.
needs curl jq
serve -b 5
generate() { rwkv-generate -m "$DEMO/rwkv7-shakespeare.pth" -v "$DEMO/vocab.txt" -t 1 "$@" </dev/null; }
ask() { post /v1/completions "$1" | jq -c '[.choices[] | .token_ids]'; }

# Others come and go meanwhile.
for i in $(seq 12); do
  post /v1/completions "{\"prompt\": \"KING $i:\", \"max_tokens\": $((i * 15)), \"seed\": $i}" >/dev/null &
  others+=($!)
done

options='"return_token_ids": true, "seed": 7, "max_tokens": 40'
echo plain
ask "{\"prompt\": \"ROMEO:\", $options}" >found
generate -p 'ROMEO:' --seed 7 -n 40 --ids json | jq -c '[.]' | cmp - found && cat found
echo choices
ask "{\"prompt\": \"ROMEO:\", \"n\": 3, $options}" >found
generate -p 'ROMEO:' --seed 7 -n 40 --fork 3 --ids json | jq -cs . | cmp - found && echo same
echo sampling
ask "{\"prompt\": \"ROMEO:\", \"temperature\": 1.3, \"top_p\": 0.9, \"top_k\": 50, \"min_p\": 0.01, \"presence_penalty\": 0.4,
      \"frequency_penalty\": 0.3, \"penalty_decay\": 0.99, \"logit_bias\": {\"262\": -5, \"261\": 2}, $options}" >found
generate -p 'ROMEO:' --seed 7 -n 40 --temp 1.3 --top-p 0.9 --top-k 50 --min-p 0.01 --presence 0.4 --frequency 0.3 \
  --penalty-decay 0.99 --bias 262:-5 --bias 261:2 --ids json | jq -c '[.]' | cmp - found && echo same
echo preset, our names, stop
ask "{\"prompt\": \"ROMEO:\", \"preset\": \"creative\", \"presence\": 0.1, \"stop\": [\"e\", \"oo\"], $options}" >found
generate -p 'ROMEO:' --seed 7 -n 40 --preset creative --presence 0.1 --stop e --stop oo --ids json | jq -c '[.]' | cmp - found && echo same
echo texts and ids, many in one request
ids=$(printf 'KING HENRY:' | rwkv-tokenize -v "$DEMO/vocab.txt" --ids json)
ask "{\"prompt\": [\"ROMEO:\", \"JULIET: I\", \"KING HENRY:\"], $options}" >texts
{ generate -p 'ROMEO:' --seed 7 -n 40 --ids json; generate -p 'JULIET: I' --seed 7 -n 40 --ids json
  generate -p 'KING HENRY:' --seed 7 -n 40 --ids json; } | jq -cs . | cmp - texts && echo same
ask "{\"prompt\": [$ids], $options}" | jq -c '.[0]' | cmp - <(jq -c '.[2]' texts) && echo same
ask "{\"prompt\": $ids, $options}" | jq -c '.[0]' | cmp - <(jq -c '.[2]' texts) && echo same
echo an empty prompt
ask "{\"prompt\": \"\", $options}" >found
generate -p '' --seed 7 -n 40 --ids json | jq -c '[.]' | cmp - found && echo same
echo greedy
post /v1/completions '{"prompt": "ROMEO:", "temperature": 0, "max_tokens": 30}' | jq -j '.choices[0].text' >found
generate -p 'ROMEO:' --greedy -n 30 | cmp - found && echo same
wait "${others[@]}"
terminate $SERVER
