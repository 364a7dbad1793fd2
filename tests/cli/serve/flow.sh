# Clients that vanish, stall, send rubbish or come in crowds; a signal that ends the service.
needs curl jq python3
metric() { curl -s "$URL/metrics" | sed -n "s/^$1 //p"; }
# Asks for what takes for ever; CLIENT is the process that waits for it.
hold() { # PROMPTS STREAM
  curl -sN "$URL/v1/completions" -d "{\"prompt\": $1, \"max_tokens\": 1000000, \"ignore_eos\": true, \"stream\": $2}" >/dev/null 2>&1 &
  CLIENT=$!
}
until_metric() { # NAME VALUE
  local _
  for _ in $(seq 200); do
    [ "$(metric "$1")" != "$2" ] || return 0
    sleep 0.05
  done
  echo "$1 is $(metric "$1"), want $2"
}
echo '== a client that goes away frees its place'
serve -b 2 --queue 4 --max-tokens 1000000 --idle 2
for stream in true false; do
  hold '["a", "b"]' $stream
  until_metric rwkv_sequences_running 2
  kill $CLIENT
  until_metric rwkv_sequences_running 0
done
metric rwkv_vanished_clients_total
echo '== a crowd'
for i in 1 2 3; do
  hold '["a", "b"]' true
  crowd+=($CLIENT)
done
until_metric rwkv_sequences_queued 4
curl -s -o body -w '%{http_code} retry after %header{retry-after}\n' "$URL/v1/completions" -d '{"prompt": "a"}'
jq -c . body
kill "${crowd[@]}"
until_metric rwkv_sequences_queued 0
until_metric rwkv_sequences_running 0
status /v1/completions -d '{"prompt": "a", "max_tokens": 3}'
echo '== what is no HTTP, or slow'
python3 "$CLI/serve/rubbish.py" "${URL#http://}"
status /v1/completions -d '{"prompt": "a", "max_tokens": 3}'
echo '== SIGTERM: what was begun is answered, what comes later is not'
post /v1/completions '{"prompt": "ROMEO:", "max_tokens": 4000, "ignore_eos": true, "seed": 1, "stream": true}' >events &
client=$!
until_metric rwkv_sequences_running 1
kill -TERM $SERVER
while curl -s -o /dev/null "$URL/health"; do sleep 0.05; done
echo 'refused'
wait $client && tail -n 2 events
code=0
wait $SERVER || code=$?
echo $code
sed -n 's/^data: {/{/p' events | jq -j '.choices[0].text' >found
rwkv-generate -m "$DEMO/rwkv7-shakespeare.pth" -v "$DEMO/vocab.txt" -p ROMEO: -n 4000 --ignore-eos --seed 1 </dev/null | cmp - found && echo same
echo '== SIGTERM with --drain 0'
serve --drain 0 --max-tokens 1000000
hold '"a"' true
until_metric rwkv_sequences_running 1
terminate $SERVER
wait $CLIENT || true
