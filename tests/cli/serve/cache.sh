# What was read before is not read again, and changes nothing; not after a restart, either.
needs curl jq
serve --cache kept
turn() { # MESSAGES
  post /v1/chat/completions "{\"messages\": [$1], \"seed\": 5, \"max_tokens\": 24}" >answer
  jq -c '[.usage.prompt_tokens, .usage.prompt_tokens_details.cached_tokens]' answer
  jq -r '.choices[0].message.content' answer >>texts
}
talk() {
  rm -f texts
  messages='{"role": "system", "content": "You are a king, and you speak as kings do, at length and with great care."}'
  for text in hello 'who are you?' 'what will you do?' 'farewell'; do
    messages+=", {\"role\": \"user\", \"content\": \"$text\"}"
    turn "$messages"
    messages+=", {\"role\": \"assistant\", \"content\": $(tail -n +1 answer | jq '.choices[0].message.content')}"
  done
}
echo '== prompt tokens, and how many were known'
talk
cp texts first
echo '== once more'
talk
cmp texts first && echo same
echo '== together'
long=$(printf 'the king and the queen %.0s' $(seq 100))
for i in 1 2 3 4; do
  post /v1/completions "{\"prompt\": \"$long $i\", \"max_tokens\": 8, \"seed\": 2, \"return_token_ids\": true}" >p$i &
  waited+=($!)
done
wait "${waited[@]}"
jq -s 'map(.usage.prompt_tokens - .usage.prompt_tokens_details.cached_tokens) | add < 700' p1 p2 p3 p4
for i in 1 2 3 4; do
  rwkv-generate -m "$DEMO/rwkv7-shakespeare.pth" -v "$DEMO/vocab.txt" -p "$long $i" -n 8 --seed 2 --ids json </dev/null |
    cmp - <(jq -c '.choices[0].token_ids' p$i) && echo same
done
terminate $SERVER
echo '== after a restart'
serve --cache kept
talk
cmp texts first && echo same
terminate $SERVER
echo '== with broken files'
for file in kept/prefixes/*/*.state; do printf 'spoilt' >"$file"; done
serve --cache kept
grep -c ': left out$' serve.log | sed 's/^[1-9][0-9]*$/some/'
talk
cmp texts first && echo same
terminate $SERVER
echo '== without a cache'
serve --cache-bytes 0
talk
cmp texts first && echo same
terminate $SERVER
