# Answers that obey, with the ids of rwkv-generate.
needs curl jq
serve
export RWKV_MODEL=$DEMO/rwkv7-shakespeare.pth RWKV_VOCAB=$DEMO/vocab.txt
schema='{"type": "object", "properties": {"name": {"type": "string", "maxLength": 8}, "age": {"type": "integer", "minimum": 1, "maximum": 99}}, "required": ["name", "age"], "additionalProperties": false}'
draw='"seed": 5, "temperature": 1.5, "max_tokens": 120'
echo '== a schema, in a chat'
chat='"messages": [{"role": "user", "content": "Who is it?"}]'
post /v1/chat/completions "{$chat, $draw, \"response_format\": {\"type\": \"json_schema\", \"json_schema\": {\"name\": \"person\", \"schema\": $schema}}}" >answer
jq -r '.choices[0].message.content' answer | jq -c '[(.name | type), (.age >= 1 and .age <= 99), keys]'
jq -c '.choices[0] | [.finish_reason, .complete]' answer
echo '== the ids are those of rwkv-generate, also in pieces'
echo "{\"prompt\": \"ROMEO:\", \"seed\": 5, \"temp\": 1.5, \"n\": 120, \"json_schema\": $schema}" | rwkv-generate --jsonl | jq -c '[.text, .complete]' >wanted
post /v1/completions "{\"prompt\": \"ROMEO:\", $draw, \"json_schema\": $schema}" | jq -c '.choices[0] | [.text, .complete]' | cmp - wanted && echo same
post /v1/completions "{\"prompt\": \"ROMEO:\", $draw, \"json_schema\": $schema, \"stream\": true}" | sed -n 's/^data: {/{/p' >events
jq -s -c '[([.[].choices[0].text] | add), .[-1].choices[0].complete]' events | cmp - wanted && echo same
echo '== any object; a grammar; a text that is cut'
post /v1/completions "{\"prompt\": \"ROMEO:\", $draw, \"response_format\": {\"type\": \"json_object\"}, \"bias\": {\"0\": 5}}" |
  jq -c '.choices[0] | if .complete then (.text | fromjson | type) else "cut" end'
post /v1/completions '{"prompt": "ROMEO:", "grammar": "root ::= \"yes\" | \"no\"", "seed": 1}' | jq -c '.choices[0] | [.text == "yes" or .text == "no", .finish_reason, .complete]'
post /v1/completions '{"prompt": "ROMEO:", "regex": "[a-z]{40}", "max_tokens": 2}' | jq -c '.choices[0] | [.finish_reason, .complete]'
echo '== a chat whose template opens a thought'
post /v1/chat/completions '{"messages": [{"role": "user", "content": "a"}], "template": "g1", "regex": "(ja|nein)"}' | jq -c '.choices[0] | [.message.content == "ja" or .message.content == "nein", .complete]'
post /v1/chat/completions '{"messages": [{"role": "user", "content": "a"}], "template": "g1", "think": "long", "regex": "a"}' | jq -r .error.message
terminate $SERVER
