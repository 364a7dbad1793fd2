# What is wrong with a request is said in OpenAI's form; the next request on the connection is answered.
needs curl jq
serve --max-prompt 50 --max-tokens 100 --max-body 2000 --queue 8
completion() { status /v1/completions -d "$1"; }
chat() { status /v1/chat/completions -d "$1"; }
echo '== bodies'
completion ''
completion 'nonsense'
completion '[1]'
completion '{"prompt": "a", "max_tokens": 1} x'
completion '{}'
completion "$(printf '[%.0s' $(seq 200))"
completion "{\"prompt\": \"$(printf 'a%.0s' $(seq 2000))\"}"
printf '{"prompt": "\xff"}' | status /v1/completions --data-binary @-
echo '== keys'
completion '{"prompt": "a", "temprature": 1}'
completion '{"prompt": 3}'
completion '{"prompt": []}'
completion '{"prompt": [1, "a"]}'
completion '{"prompt": [1024]}'
completion '{"prompt": [-1]}'
completion '{"prompt": [0.5]}'
completion '{"prompt": "a", "temperature": -1}'
completion '{"prompt": "a", "temperature": "hot"}'
completion '{"prompt": "a", "top_p": 2}'
completion '{"prompt": "a", "max_tokens": -2}'
completion '{"prompt": "a", "max_tokens": 101}'
completion '{"prompt": "a", "n": 0}'
completion '{"prompt": "a", "n": 9}'
completion '{"prompt": "a", "n": 18446744073709551615}'
completion '{"prompt": ["a", "b"], "n": 5}'
completion '{"prompt": "a", "best_of": 3}'
completion '{"prompt": "a", "suffix": "b"}'
completion '{"prompt": "a", "logprobs": 21}'
completion '{"prompt": "a", "stop": [""]}'
completion '{"prompt": "a", "logit_bias": {"9999": 1}}'
completion '{"prompt": "a", "logit_bias": {"x": 1}}'
completion '{"prompt": "a", "stream": 1}'
completion '{"prompt": "a", "seed": -1}'
completion "{\"prompt\": [$(seq -s, 60)]}"
completion '{"prompt": "a", "state_in": "x"}'
completion '{"prompt": "a", "max_tokens": 1, "temperature": null, "stop": null, "user": "me", "model": "any"}'
echo '== chats'
chat '{"messages": []}'
chat '{}'
chat '{"messages": [{"role": "user"}]}'
chat '{"messages": [{"role": "tool", "content": "a"}]}'
chat '{"messages": [{"role": "assistant", "content": "a"}]}'
chat '{"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]}'
chat '{"messages": [{"role": "user", "content": "a"}], "tools": [{"type": "function"}]}'
chat '{"messages": [{"role": "user", "content": "a"}], "response_format": {"type": "yaml"}}'
chat '{"messages": [{"role": "user", "content": "a"}], "response_format": {"type": "json_schema"}}'
chat '{"messages": [{"role": "user", "content": "a"}], "response_format": {"type": "json_schema", "json_schema": {"schema": {"type": "colour"}}}}'
chat '{"messages": [{"role": "user", "content": "a"}], "response_format": {"type": "json_object"}, "regex": "a"}'
completion '{"prompt": "a", "grammar": "root ::= nothing"}'
completion '{"prompt": "a", "regex": "(", "stream": true}'
chat '{"messages": [{"role": "user", "content": "a"}], "think": "hard"}'
chat '{"messages": [{"role": "user", "content": "a"}], "template": "llama"}'
chat '{"messages": [{"role": "user", "content": "a"}], "max_tokens": 1}'
echo '== routes'
status /nothing
status /v1/models -X POST
status /v1/completions
status /tokenize -d '{"text": "a"}'
status /detokenize -d '{"tokens": [99999]}'
status /v1/states -d '{"name": "a"}'
curl -s -o body -w '%{http_code} %header{allow}\n' "$URL/v1/completions"
terminate $SERVER
