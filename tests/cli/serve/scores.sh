# Log-probabilities of a prompt, as lm-evaluation-harness asks for them, are those of rwkv-score.
needs curl jq
serve
text='KING HENRY:\nOnce more unto the breach, dear friends, once more;\nOr close the wall up with our English dead.\n'
printf "$text" | rwkv-tokenize -v "$DEMO/vocab.txt" --ids json >ids
post /v1/completions "{\"prompt\": [$(cat ids), $(cat ids)], \"max_tokens\": 1, \"temperature\": 0, \"logprobs\": 1, \"echo\": true}" >answer
echo 'tokens, and those told of, the prompt and one more:' "$(jq length ids)" "$(jq -c '[.choices[].logprobs.token_logprobs | length]' answer)"
jq '.choices[1].logprobs.token_logprobs[1:-1][]' answer | awk '{ printf "%.9g\n", $1 }' >served
rwkv-score -m "$DEMO/rwkv7-shakespeare.pth" --ids json --per-token <ids 2>/dev/null | cut -f 3 | cmp - served && echo 'the same log-probabilities'
echo 'the first was not foretold:' "$(jq -c '.choices[0].logprobs | .token_logprobs[0], .top_logprobs[0]' answer | xargs)"
echo 'choices alike:' "$(jq -c '.choices[0].logprobs == .choices[1].logprobs' answer)"
echo 'a likeliest token has the likelihood of the token itself:' "$(jq -c '[.choices[0].logprobs | [.token_logprobs, .top_logprobs] | transpose[] |
  select(.[1] != null and (.[1] | to_entries[0].value) == .[0])] | length > 5' answer)"
terminate $SERVER
