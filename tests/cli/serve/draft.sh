# A server that drafts answers as one that does not, and counts what it drafted.
needs curl jq
generate() { rwkv-generate -m "$DEMO/rwkv7-shakespeare.pth" -v "$DEMO/vocab.txt" -t 1 -p "$@" </dev/null; }
metric() { curl -s "$URL/metrics" | sed -n "s/^rwkv_$1_tokens_total //p"; }
for draft in lookup self "$DEMO/rwkv4-shakespeare.pth"; do
  serve -b 5 --draft "$draft" --draft-tokens 4
  for i in $(seq 8); do
    post /v1/completions "{\"prompt\": \"KING $((i % 3)): my lord, my lord,\", \"max_tokens\": 120, \"seed\": $i, \"stop\": [\"my lord.\"]}" |
      jq -j '.choices[0].text' >found.$i &
    asked[i]=$!
  done
  wait "${asked[@]}"
  for i in $(seq 8); do
    generate "KING $((i % 3)): my lord, my lord," -n 120 --seed $i --stop 'my lord.' | cmp - found.$i
  done
  [ "$(metric accepted)" -le "$(metric drafted)" ] && [ "$draft" = lookup ] || [ "$(metric drafted)" -gt 0 ]
  terminate $SERVER
done
make_pth tiny.pth
expect 1 rwkv-serve -m "$DEMO/rwkv7-shakespeare.pth" -v "$DEMO/vocab.txt" --draft tiny.pth --listen 127.0.0.1:0
