#!/usr/bin/env bash
# What rwkv-serve answers, by curl and jq. usage: rwkv-serve -m MODEL -v VOCAB & curl.sh [URL [KEY]]
set -euo pipefail
url=${1:-http://127.0.0.1:8080}
ask() { curl -sS --fail-with-body -H 'Content-Type: application/json' ${KEY:+-H "Authorization: Bearer $KEY"} "$@"; }
KEY=${2:-}

echo 'model:' "$(ask "$url/v1/models" | jq -r '.data[0].id')"
echo 'tokens:' "$(ask "$url/tokenize" -d '{"prompt": "To be, or not to be"}' | jq -c .tokens)"
echo 'completion:' "$(ask "$url/v1/completions" -d '{"prompt": "ROMEO:", "max_tokens": 20, "seed": 1}' | jq -c '.choices[0].text')"
echo 'chat:' "$(ask "$url/v1/chat/completions" -d '{"messages": [{"role": "user", "content": "Who are you?"}], "max_tokens": 20, "seed": 1}' |
  jq -c '.choices[0].message.content')"
# A stream: each event is a line "data: {..}"; the last is "data: [DONE]".
echo 'stream:' "$(ask -N "$url/v1/completions" -d '{"prompt": "ROMEO:", "max_tokens": 20, "seed": 1, "stream": true}' |
  sed -n 's/^data: {/{/p' | jq -j '.choices[0].text' | jq -Rs -c .)"
echo 'read:' "$(ask "$url/metrics" | sed -n 's/^rwkv_prompt_tokens_total //p') prompt tokens so far"
