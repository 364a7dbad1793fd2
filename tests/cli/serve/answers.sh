# Answers in OpenAI's form, whole and in pieces.
needs curl jq
serve
hide='if has("id") then .id = "ID" | .created = 0 else . end'
greedy='"temperature": 0, "max_tokens": 6'
echo '== a completion'
post /v1/completions "{\"prompt\": \"ROMEO:\", $greedy}" | jq -c "$hide | .seed = 0"
echo '== in pieces, with usage'
post /v1/completions "{\"prompt\": \"ROMEO:\", $greedy, \"stream\": true, \"stream_options\": {\"include_usage\": true}}" >events
grep -v '^data: \|^$' events || true
sed -n 's/^data: //p' events | sed '$d' | jq -c "$hide"
tail -n 2 events
echo '== the pieces are the whole'
chat='"messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hello"}], "seed": 3, "max_tokens": 60'
post /v1/chat/completions "{$chat}" | jq -r '.choices[0].message.content' >whole
post /v1/chat/completions "{$chat, \"stream\": true}" | sed -n 's/^data: {/{/p' | jq -j '.choices[0].delta.content // ""' >pieces
echo >>pieces
cmp whole pieces && echo same
echo '== a chat is the template, and rwkv-generate'
post /v1/chat/completions "{$chat, \"return_token_ids\": true}" | jq -c '.choices[0].token_ids' >ids
echo '[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hello"}]' |
  rwkv-tokenize -v "$DEMO/vocab.txt" --template world |
  rwkv-generate -m "$DEMO/rwkv7-shakespeare.pth" -v "$DEMO/vocab.txt" -n 60 --seed 3 --stop $'\n\nUser:' | jq -Rc 'split(" ") | map(tonumber)' |
  cmp - ids && echo same
echo '== content in parts, a developer, ended by the limit'
post /v1/chat/completions '{"messages": [{"role": "developer", "content": [{"type": "text", "text": "Be "}, {"type": "text", "text": "brief."}]},
  {"role": "user", "content": "hello"}], "seed": 3, "max_completion_tokens": 60}' | jq -r '.choices[0] | .message.content, .finish_reason' >parts
diff <(cat whole; echo length) parts && echo same
echo '== thoughts apart'
post /v1/chat/completions '{"messages": [{"role": "user", "content": "hello"}], "think": "short", "temperature": 0, "max_tokens": 8}' |
  jq -c '.choices[0].message'
post /v1/chat/completions '{"messages": [{"role": "user", "content": "hello"}], "reasoning_effort": "low", "temperature": 0, "max_tokens": 8, "stream": true}' |
  sed -n 's/^data: {/{/p' | jq -c '.choices[0].delta'
post /v1/chat/completions '{"messages": [{"role": "user", "content": "hello"}], "chat_template_kwargs": {"enable_thinking": false}, "temperature": 0, "max_tokens": 8}' |
  jq -c '.choices[0].message'
echo '== log-probabilities'
post /v1/completions '{"prompt": "ROMEO:", "temperature": 0, "max_tokens": 2, "logprobs": 2, "echo": true}' | jq -c '.choices[0].logprobs'
post /v1/chat/completions '{"messages": [{"role": "user", "content": "hello"}], "temperature": 0, "max_tokens": 2, "logprobs": true, "top_logprobs": 1}' |
  jq -c '.choices[0].logprobs'
echo '== stops'
post /v1/completions '{"prompt": "ROMEO:", "temperature": 0, "max_tokens": 50, "stop": ","}' | jq -c '.choices[0] | .text, .finish_reason'
post /v1/completions '{"prompt": "ROMEO:", "max_tokens": 0, "echo": true}' | jq -c '.choices[0] | .text, .finish_reason'
echo '== no token can be drawn'
all=$(seq 0 1023 | sed 's/.*/"&": "-inf"/' | paste -sd,)
post /v1/completions "{\"prompt\": \"a\", \"logit_bias\": {$all}}" -w '%{http_code}\n'
post /v1/completions "{\"prompt\": \"a\", \"logit_bias\": {$all}, \"stream\": true}"
echo '== the rest'
curl -s "$URL/health"
curl -s "$URL/v1/models"
curl -s "$URL/tokenizer_info"
post /tokenize '{"prompt": "ROMEO: é", "add_special_tokens": false}'
post /tokenize '{"prompt": "<|endoftext|>"}'
post /detokenize '{"tokens": [262, 777]}'
post /detokenize '{"tokens": [196]}'
curl -s "$URL/metrics" | grep -c '^rwkv_'
curl -sI "$URL/" | tr -d '\r' | grep -i '^content-type\|^HTTP'
terminate $SERVER
