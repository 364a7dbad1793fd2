# States by name: save, list, fork, go on, delete.
needs curl jq
serve --cache kept
list() { curl -s "$URL/v1/states" | jq -c '[.data[] | [.id, .tokens]]'; }
list
echo '== save'
post /v1/states '{"name": "romeo", "prompt": "ROMEO:\nBut soft,"}' | jq -c .
post /v1/states '{"name": "juliet.2", "from": "romeo", "prompt": [262, 777]}' | jq -c .
post /v1/states '{"name": "copy", "from": "romeo"}' | jq -c .
list
echo '== go on'
go_on() { post /v1/completions "{\"prompt\": \"\", \"state_in\": \"$1\", \"max_tokens\": ${2-20}, \"seed\": 4, \"return_token_ids\": true}" | jq -c '.choices[0].token_ids'; }
go_on romeo | tee found
go_on copy | cmp - found && echo same
rwkv-generate -m "$DEMO/rwkv7-shakespeare.pth" -v "$DEMO/vocab.txt" -p $'ROMEO:\nBut soft,' -n 20 --seed 4 --ids json </dev/null | cmp - found && echo same
rwkv-generate -m "$DEMO/rwkv7-shakespeare.pth" --state-in kept/states/romeo.state -n 20 --seed 4 --ids json </dev/null | cmp - found && echo same
echo '== stop and go on: the ids of a run that never stopped'
post /v1/completions '{"prompt": "", "state_in": "romeo", "max_tokens": 8, "seed": 4, "return_token_ids": true, "state_out": "half"}' |
  jq -c '.choices[0].token_ids' >half
go_on half 12 | cat half - | jq -cs add | cmp - found && echo same
echo '== delete'
status /v1/states/copy -X DELETE
status /v1/states/copy -X DELETE
list
echo '== refused'
for name in '' . .. ../x a/b .hidden "$(printf 'a%.0s' $(seq 65))"; do status /v1/states -d "{\"name\": \"$name\", \"prompt\": \"a\"}"; done
status /v1/states -d '{"name": "a", "from": "none"}'
status /v1/states -d '{"name": "a", "promt": "b"}'
status /v1/completions -d '{"prompt": "", "state_in": "../../etc/passwd"}'
status /v1/completions -d '{"prompt": "a", "n": 2, "state_out": "x"}'
status /v1/states/..%2fx -X DELETE
printf 'spoilt' >kept/states/romeo.state
status /v1/completions -d '{"prompt": "", "state_in": "romeo"}'
list
terminate $SERVER
